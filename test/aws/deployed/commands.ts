import { readFileSync } from 'node:fs';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { repositoryPath } from '../../../lib/constructs/repository.ts';
import type { DeployedKiln } from '../../support/emulator/deployed-kiln.ts';
import { remoteCommand } from '../../support/remote-command.ts';
import { launchableBy, runningInstances } from './aws-state.ts';
import { until } from './by-hand.ts';
import { ACCOUNTS, APPROVED } from './example.ts';

const SPEC = readFileSync(repositoryPath('examples/redis/image.yaml'), 'utf8');

/** An image that is tested by a program beside its instance, and that somebody must approve. */
export function commands(kiln: () => DeployedKiln): void {
  /** Of several, the one that went through the tests: another may wait for it to end. */
  const tested = async () => {
    const builds = await kiln().catalog.listBuilds({ image: 'redis' });
    const failed = builds.find((it) => it.state === 'failed' || it.state === 'refused');
    if (failed) throw new Error(`${failed.state}: ${failed.detail}\n${kiln().said()}`);
    return builds.find((it) => it.steps.some(({ step }) => step === 'approve'));
  };

  test('its own client asks the instance from the network of test instances; then the build waits for approval, and nobody has it', async () => {
    await kiln().put('settings/accounts.yaml', ACCOUNTS);
    await kiln().put('settings/images/redis/image.yaml', SPEC);
    await until(kiln(), 'the build waits for approval', tested);
    const [version] = await kiln().catalog.listVersions('redis');
    expect(version).toMatchObject({ state: 'registered', facts: { tests: [{ name: 'redis-cli', passed: true }] } });
    const Bucket = kiln().outputs.BucketName;
    const { Contents } = await new S3Client({}).send(new ListObjectsV2Command({ Bucket, Prefix: 'testers/roots/' }));
    expect(Contents).toHaveLength(1);
    expect(await launchableBy(version?.imageId ?? '')).toEqual([]);
    expect(await runningInstances()).toEqual([]);
  }, 900_000);

  test('approved by kiln remote approve, it is shared and published; approved again, that is refused', async () => {
    const { id = '' } = (await tested()) ?? {};
    await remoteCommand('approve', id, 'looks', 'fine');
    await kiln().settled();
    const build = await tested();
    expect([build?.state, build?.detail]).toEqual(['succeeded', undefined]);
    expect(build?.steps.find((it) => it.step === 'approve')?.detail).toMatch(/^approved by \S+: looks fine$/);
    const [version] = await kiln().catalog.listVersions('redis');
    expect(await launchableBy(version?.imageId ?? '')).toEqual([APPROVED[0]]);
    await expect(remoteCommand('approve', id)).rejects.toMatchObject({ code: 'REFUSED' });
  }, 900_000);
}
