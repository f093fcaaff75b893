import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { withFaults } from '../../src/adapters/aws/aws-fault.ts';
import { s3ArtifactStore } from '../../src/adapters/aws/s3-artifact-store.ts';
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
  return { store: open(), reopen: open, damage, bucket, client };
}

/** The same client, the first few of whose objects end half-way, as where a connection breaks. */
function breaking(client: S3Client, times: number): S3Client {
  let left = times;
  const send = async (command: never) => {
    const answer = (await client.send(command)) as { Body?: AsyncIterable<Buffer>; ContentLength?: number };
    if (!((command as object) instanceof GetObjectCommand) || left === 0) return answer;
    left -= 1;
    return { ...answer, Body: half(answer.Body ?? (async function* () {})(), answer.ContentLength ?? 0) };
  };
  return { send } as unknown as S3Client;
}

async function* half(pieces: AsyncIterable<Buffer>, length: number): AsyncGenerator<Buffer> {
  let at = 0;
  for await (const piece of pieces) {
    at += piece.length;
    if (at * 2 > length) break;
    yield piece;
  }
  throw new Error('aborted');
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

  test('a disk that is mostly holes comes back as one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kiln-s3-'));
    const { store, reopen } = await openStore(folder);
    const [path, size] = [join(folder, 'disk'), 64 << 20];
    const file = openSync(path, 'w');
    for (const at of [0, 5 << 20, size - 4096]) writeSync(file, randomBytes(4096), 0, 4096, at);
    closeSync(file);
    const fetched = await reopen().path(await store.put({ path }));
    expect(statSync(fetched).blocks * 512).toBeLessThan(2 << 20);
    rmSync(folder, { recursive: true });
  });

  test('what is streamed is what was put; a connection that breaks is gone on with, and nothing is written down', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kiln-s3-'));
    const { store, bucket, client } = await openStore(folder);
    const bytes = Buffer.concat([randomBytes(3 << 20), Buffer.alloc(9 << 20), randomBytes(5)]);
    const digest = await store.put({ bytes });
    const cache = join(folder, 'another');
    const stream = await s3ArtifactStore({ bucket, client: breaking(client, 3), cache }).stream(digest);
    expect((await buffer(stream.bytes())).equals(bytes)).toBe(true);
    expect([stream.sizeBytes, existsSync(cache)]).toEqual([bytes.length, false]);
    const broken = await s3ArtifactStore({ bucket, client: breaking(client, 99), cache }).stream(digest);
    await expect(buffer(broken.bytes())).rejects.toMatchObject({ code: 'DEPENDENCY_UNAVAILABLE' });
    await expect(store.stream('0'.repeat(64))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    rmSync(folder, { recursive: true });
  });

  test('a damaged artifact does not come to its end', async () => {
    const { store, damage } = await openStore(mkdtempSync(join(tmpdir(), 'kiln-s3-')));
    const digest = await store.put({ bytes: randomBytes(1 << 20) });
    await damage(digest);
    const { bytes } = await store.stream(digest);
    await expect(buffer(bytes())).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
  });
});
