import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { inParallel } from './in-parallel.ts';

export interface UploadTarget {
  readonly Bucket: string;
  readonly Key: string;
  readonly ContentEncoding?: string;
  readonly Metadata?: Record<string, string>;
}

const PART_BYTES = 16 * 1024 * 1024;
const PARTS_AT_ONCE = 4;

/** Puts a stream of unknown length: in one request, or in parts of 16 MiB, four in flight, each with its SHA-256. */
export async function uploadStream(
  client: S3Client,
  stream: AsyncIterable<Buffer>,
  target: UploadTarget,
): Promise<void> {
  const parts = partsOf(stream);
  const first = await parts.next();
  const second = await parts.next();
  if (first.done || second.done) {
    const body = first.done ? Buffer.alloc(0) : first.value.body;
    await client.send(new PutObjectCommand({ ...target, Body: body, ChecksumSHA256: checksum(body) }));
    return;
  }
  await inParts(client, target, chain([first.value, second.value], parts));
}

interface Part {
  readonly number: number;
  readonly body: Buffer;
}

async function inParts(client: S3Client, target: UploadTarget, parts: AsyncIterable<Part>): Promise<void> {
  const place = { Bucket: target.Bucket, Key: target.Key };
  const begun = await client.send(new CreateMultipartUploadCommand({ ...target, ChecksumAlgorithm: 'SHA256' }));
  const upload = { ...place, UploadId: begun.UploadId };
  try {
    const done: CompletedPart[] = [];
    await inParallel(PARTS_AT_ONCE, parts, async ({ number, body }) => {
      const part = { ...upload, PartNumber: number, Body: body, ChecksumSHA256: checksum(body) };
      const answer = await client.send(new UploadPartCommand(part));
      done.push({ PartNumber: number, ETag: answer.ETag, ChecksumSHA256: checksum(body) });
    });
    const Parts = done.sort((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0));
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
  } catch (error) {
    // What can't be aborted now goes by the bucket's life cycle.
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
    throw error;
  }
}

async function* partsOf(stream: AsyncIterable<Buffer>): AsyncGenerator<Part, undefined> {
  let held: Buffer[] = [];
  let bytes = 0;
  let number = 1;
  for await (const chunk of stream) {
    held.push(chunk);
    bytes += chunk.length;
    if (bytes < PART_BYTES) continue;
    yield { number, body: Buffer.concat(held) };
    number += 1;
    held = [];
    bytes = 0;
  }
  if (bytes > 0) yield { number, body: Buffer.concat(held) };
}

async function* chain(first: readonly Part[], rest: AsyncIterable<Part>): AsyncGenerator<Part> {
  yield* first;
  yield* rest;
}

const checksum = (body: Buffer) => createHash('sha256').update(body).digest('base64');
