import { randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { withFaults } from '../../src/adapters/aws/aws-fault.ts';
import { s3ArtifactStore } from '../../src/adapters/aws/s3-artifact-store.ts';
import { readRuns } from '../../src/adapters/aws/sparse-file.ts';
import { onEmulator } from '../support/emulator/emulator.ts';
import { artifactStoreContract } from './artifact-store.ts';

async function openStore(folder: string) {
  const client = withFaults(new S3Client({}));
  const bucket = `kiln-${randomBytes(4).toString('hex')}`;
  const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' as const };
  await client.send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration }));
  let caches = 0;
  const open = () => {
    caches += 1;
    return s3ArtifactStore({ bucket, client, cache: join(folder, `cache-${caches}`) });
  };
  const damage = async (digest: string) => {
    const Key = `artifacts/${digest}`;
    const { Body, ContentEncoding, Metadata } = await client.send(new GetObjectCommand({ Bucket: bucket, Key }));
    const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
    bytes[bytes.length - 2] = (bytes.at(-2) ?? 0) ^ 1;
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: bytes, ContentEncoding, Metadata }));
  };
  return { store: open(), reopen: open, damage };
}

onEmulator('S3 on the emulator', () => {
  artifactStoreContract('S3', openStore);

  test('a large file goes in parts and comes back the same', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kiln-s3-'));
    const { store, reopen } = await openStore(folder);
    const bytes = randomBytes(40 * 1024 * 1024);
    writeFileSync(join(folder, 'large'), bytes);
    const digest = await store.put({ path: join(folder, 'large') });
    expect(readFileSync(await reopen().path(digest)).equals(bytes)).toBe(true);
    rmSync(folder, { recursive: true });
  });

  test('a disk that is mostly holes comes back as one, with a note of where its data is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kiln-s3-'));
    const { store, reopen } = await openStore(folder);
    const [path, size] = [join(folder, 'disk'), 64 << 20];
    const file = openSync(path, 'w');
    for (const at of [0, 5 << 20, size - 4096]) writeSync(file, randomBytes(4096), 0, 4096, at);
    closeSync(file);
    const fetched = await reopen().path(await store.put({ path }));
    const runs = await readRuns(fetched, size);
    expect(runs.reduce((sum, [start, end]) => sum + end - start, 0)).toBeLessThan(1 << 20);
    for (const at of [0, 5 << 20, size - 4096]) expect(runs.some(([start, end]) => start <= at && at < end)).toBe(true);
    expect(statSync(fetched).blocks * 512).toBeLessThan(2 << 20);
    rmSync(folder, { recursive: true });
  });
});
