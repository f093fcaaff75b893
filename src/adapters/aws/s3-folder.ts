import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { inParallel } from './in-parallel.ts';
import { listObjects } from './s3-list.ts';

export interface S3Folder {
  readonly bucket: string;
  readonly client: S3Client;
  /** Key prefix that ends in `/`. */
  readonly prefix: string;
  /** Folder on this machine that mirrors it. */
  readonly folder: string;
}

/** Permission bits of a file, octal; an object without them is 0644. */
const MODE = 'kiln-mode';
const FILES_AT_ONCE = 8;

/** Brings the local folder to what the bucket has below `prefix` + `below`; what did not change is not fetched. */
export async function syncDown({ bucket, client, prefix, folder }: S3Folder, below: string): Promise<void> {
  const listed = await listObjects({ bucket, client, prefix: prefix + below });
  const wanted = new Map(listed.map((it) => [it.key, it.tag]));
  const state = join(folder, '.etags', `${createHash('sha256').update(below).digest('hex').slice(0, 16)}.json`);
  const have: Record<string, string> = JSON.parse(await readFile(state, 'utf8').catch(() => '{}'));
  const gone = Object.keys(have).filter((key) => !wanted.has(key));
  for (const key of gone) await rm(join(folder, key.slice(prefix.length)), { force: true });
  const changed = [...wanted].filter(([key, tag]) => have[key] !== tag).map(([key]) => key);
  await inParallel(FILES_AT_ONCE, changed, async (key) => {
    await fetchFile({ bucket, client }, key, join(folder, key.slice(prefix.length)));
  });
  await mkdir(dirname(state), { recursive: true });
  await writeFile(state, JSON.stringify(Object.fromEntries(wanted)));
}

async function fetchFile({ bucket, client }: Pick<S3Folder, 'bucket' | 'client'>, key: string, path: string) {
  const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  await mkdir(dirname(path), { recursive: true });
  const part = `${path}.${process.pid}.part`;
  await writeFile(part, (await answer.Body?.transformToByteArray()) ?? Buffer.alloc(0));
  await chmod(part, Number.parseInt(answer.Metadata?.[MODE] ?? '0644', 8));
  await rename(part, path);
}

/** Puts one file of this machine, with its mode. */
export async function putFile({ bucket, client, prefix }: Omit<S3Folder, 'folder'>, below: string, path: string) {
  const { mode } = await stat(path);
  const Metadata = { [MODE]: (mode & 0o777).toString(8).padStart(4, '0') };
  const object = { Bucket: bucket, Key: prefix + below, Body: await readFile(path), Metadata };
  await client.send(new PutObjectCommand({ ...object, ChecksumAlgorithm: 'SHA256' }));
}
