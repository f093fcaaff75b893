import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { hasUniverse, universeFile } from '../../app/lock/closure.ts';
import type { VerifiedIndex } from '../../model/package.ts';
import { errorName } from './aws-fault.ts';

export interface UniversePlace {
  readonly bucket: string;
  readonly client: S3Client;
  /** Folder in which this machine keeps universes. */
  readonly folder: string;
}

const PREFIX = 'universes/';

/** Universes that are in the bucket as well. */
export interface BucketUniverses {
  /** Whether the universe of some indexes is on this machine, brought from the bucket if it is there and whole. */
  areAtHand(indexes: readonly VerifiedIndex[], architecture: string): Promise<boolean>;
  /** Brings one by its file's name. */
  bring(name: string): Promise<void>;
  /** Puts those into the bucket that were made here. */
  keep(): Promise<void>;
}

/**
 * What a cold function would make of the indexes anew, another one has made. Universes are as trusted as the bucket's own apt configuration, and
 * expire.
 */
export function s3Universes(place: UniversePlace): BucketUniverses {
  const seen = new Set<string>();
  const bringIfMissing = async (name: string) => {
    if (!existsSync(join(place.folder, name))) await bring(place, name);
  };
  return {
    async areAtHand(indexes, architecture) {
      const name = universeFile(indexes, architecture);
      if (!seen.has(name)) await bringIfMissing(name);
      seen.add(name);
      if (hasUniverse(place.folder, name, architecture)) return true;
      await rm(join(place.folder, name), { force: true });
      return false;
    },
    bring: bringIfMissing,
    async keep() {
      for (const name of seen) await give(place, name);
      seen.clear();
    },
  };
}

/** Whole or not at all; one that is not there is made. */
async function bring({ bucket, client, folder }: UniversePlace, name: string): Promise<void> {
  const path = join(folder, name);
  const part = `${path}.${process.pid}.part`;
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: `${PREFIX}${name}.zst` }));
    const bytes = await promisify(zstdDecompress)((await Body?.transformToByteArray()) ?? Buffer.alloc(0));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(part, bytes);
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    if (errorName(error) !== 'NoSuchKey' && !isDamaged(error)) throw error;
  }
}

const isDamaged = (error: unknown) => String((error as { code?: string }).code ?? '').startsWith('ZSTD');

async function give({ bucket, client, folder }: UniversePlace, name: string): Promise<void> {
  const [path, object] = [join(folder, name), { Bucket: bucket, Key: `${PREFIX}${name}.zst` }];
  if (!existsSync(path)) return;
  try {
    await client.send(new HeadObjectCommand(object));
  } catch (error) {
    if (errorName(error) !== 'NotFound') throw error;
    await client.send(new PutObjectCommand({ ...object, Body: await promisify(zstdCompress)(await readFile(path)) }));
  }
}
