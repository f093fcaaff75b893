import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress, createZstdDecompress, zstdCompressSync } from 'node:zlib';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { sha256 } from '../../model/canonical.ts';
import type { ArtifactStore } from '../../ports/artifact-store.ts';
import { digestOfFile } from '../local/file-digest.ts';
import { folderArtifactStore } from '../local/folder-artifact-store.ts';
import { type ArtifactStream, damagedArtifact, noArtifact, SIZE, streamArtifact } from './artifact-stream.ts';
import { errorName } from './aws-fault.ts';
import { uploadStream } from './s3-upload.ts';
import { type SparseFile, sparseFile } from './sparse-file.ts';

export interface S3Place {
  readonly bucket: string;
  readonly client: S3Client;
  /** Folder on this machine for what was fetched. */
  readonly cache: string;
  /** In front of every key; default `artifacts/`. */
  readonly prefix?: string;
}

const MISSING = new Set(['NotFound', 'NoSuchKey']);

/** A store that also hands out what it does not write down. */
export interface StreamingStore extends ArtifactStore {
  /** Throws NOT_FOUND. */
  stream(digest: string): Promise<ArtifactStream>;
}

/**
 * Artifacts as S3 objects named by their digest, compressed with zstd (a disk is mostly zeros). Bytes are believed only when
 * they have the digest again. What was fetched or put stays in the cache folder, sparse.
 */
export function s3ArtifactStore(place: S3Place): StreamingStore {
  const { bucket, client, cache, prefix = 'artifacts/' } = place;
  const at = (digest: string) => ({ Bucket: bucket, Key: `${prefix}${digest}` });
  const cached = folderArtifactStore(cache);
  const head = (digest: string) =>
    client.send(new HeadObjectCommand(at(digest))).catch((error: unknown) => unlessMissing(error));
  const store: StreamingStore = {
    has: async (digest) => (await head(digest)) !== undefined,
    async put(content) {
      if ('bytes' in content) return putBytes(content.bytes);
      const digest = content.digest ?? (await digestOfFile(content.path));
      if (!(await head(digest))) await putFile(content.path, digest);
      return cached.put({ ...content, digest });
    },
    async path(digest) {
      if (await cached.has(digest)) return cached.path(digest);
      await fetchFile(digest);
      return cached.path(digest);
    },
    async read(digest) {
      return readFile(await store.path(digest));
    },
    async remove(digest) {
      await client.send(new DeleteObjectCommand(at(digest)));
      await cached.remove(digest);
    },
    list: () => listed(place, prefix, head),
    stream: (digest) => streamArtifact({ client, bucket, key: `${prefix}${digest}` }, digest),
  };

  async function putBytes(bytes: Uint8Array): Promise<string> {
    const digest = sha256(bytes);
    const body = zstdCompressSync(bytes);
    const described = { ContentEncoding: 'zstd', Metadata: { [SIZE]: String(bytes.length) } };
    await client.send(new PutObjectCommand({ ...at(digest), ...described, Body: body, ChecksumAlgorithm: 'SHA256' }));
    return digest;
  }

  async function putFile(path: string, digest: string): Promise<void> {
    const { size } = await stat(path);
    const compressed = createReadStream(path, { highWaterMark: 1 << 20 }).pipe(createZstdCompress());
    await uploadStream(client, compressed, {
      ...at(digest),
      ContentEncoding: 'zstd',
      Metadata: { [SIZE]: String(size) },
    });
  }

  async function fetchFile(digest: string): Promise<void> {
    const answer = await client.send(new GetObjectCommand(at(digest))).catch((error: unknown) => unlessMissing(error));
    if (!answer) throw noArtifact(digest, bucket);
    await mkdir(cache, { recursive: true });
    const part = join(cache, `${digest}.${randomUUID()}.part`);
    try {
      const file = await receive(answer.Body as Readable, part, digest);
      const seen = file.digest();
      if (seen !== digest) throw damagedArtifact(digest, bucket, `its bytes have the digest ${seen}`);
      await cached.put({ path: part, digest });
    } finally {
      await rm(part, { force: true });
    }
  }

  async function receive(body: Readable, part: string, digest: string): Promise<SparseFile> {
    const file = await sparseFile(part);
    try {
      await pipeline(body, createZstdDecompress(), file.writable);
    } catch (error) {
      if (!errorCode(error).startsWith('ZSTD')) throw error;
      throw damagedArtifact(digest, bucket, 'it is not a zstd stream');
    }
    return file;
  }

  return store;
}

const errorCode = (error: unknown) => (error as { code?: string }).code ?? '';

function unlessMissing(error: unknown): undefined {
  if (!MISSING.has(errorName(error))) throw error;
  return undefined;
}

async function* listed(
  { bucket, client }: S3Place,
  prefix: string,
  head: (digest: string) => Promise<{ Metadata?: Record<string, string> } | undefined>,
): ReturnType<ArtifactStore['list']> {
  let after: string | undefined;
  do {
    const page: ListObjectsV2CommandOutput = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: after }),
    );
    for (const { Key, Size, LastModified } of page.Contents ?? []) {
      const digest = (Key ?? '').slice(prefix.length);
      // The object's own size is that of the compressed bytes.
      const sizeBytes = Number((await head(digest))?.Metadata?.[SIZE] ?? Size);
      yield { digest, sizeBytes, modifiedAt: (LastModified ?? new Date(0)).toISOString() };
    }
    after = page.NextContinuationToken;
  } while (after !== undefined);
}
