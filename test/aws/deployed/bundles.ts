import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import type { DeployedKiln } from '../../support/emulator/deployed-kiln.ts';
import { zippedBytes } from '../../support/emulator/zipped-bytes.ts';

const MEBIBYTE = 1 << 20;

/** What was deployed for functions. */
export function bundles(kiln: () => DeployedKiln): void {
  test('every function’s archive is small and has no part of the CDK', () => {
    const { assembly } = kiln().deployment;
    const assets = readdirSync(assembly).map((it) => join(assembly, it));
    const found = assets.filter((it) => statSync(it).isDirectory() && readdirSync(it).includes('index.mjs'));
    expect(found.length).toBeGreaterThan(10);
    for (const bundle of found) {
      expect(zippedBytes(bundle)).toBeLessThan(5 * MEBIBYTE);
      expect(/aws-cdk-lib\//.test(readFileSync(join(bundle, 'index.mjs'), 'utf8'))).toBe(false);
    }
  });

  test('what a function’s role does not allow is refused to it', async () => {
    const as = (userAgentAppId: string) => new S3Client({ userAgentAppId });
    const object = { Bucket: kiln().outputs.BucketName, Key: 'artifacts/none' };
    await expect(as('kiln-plan-build').send(new DeleteObjectCommand(object))).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('s3:DeleteObject'),
    });
    await as('kiln-watch-changes').send(new DeleteObjectCommand(object));
    const settings = { ...object, Key: 'settings/accounts.yaml' };
    await expect(as('kiln-watch-changes').send(new DeleteObjectCommand(settings))).rejects.toThrow(/not authorized/);
  });
}
