import { GetObjectCommand, type GetObjectCommandOutput, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { isCovered, type ReleaseMemory, type Remembered, rememberedOf } from '../local/apt/release-memory.ts';
import { errorName } from './aws-fault.ts';

export interface MemoryPlace {
  readonly bucket: string;
  readonly client: S3Client;
}

interface Kept {
  readonly etag: string | undefined;
  /** Undefined where the object is no memory. */
  readonly remembered: Remembered | undefined;
}

const PREFIX = 'suites/';
/** Writers of one suite at a time; each that loses has seen what another kept. */
const TRIES = 5;

/**
 * What was seen of each suite, in the bucket: functions come and go, and one that starts anew must not believe a mirror that is behind what
 * another function has built from. A name is an object of JSON.
 */
export function s3ReleaseMemory(place: MemoryPlace): ReleaseMemory {
  const seen = new Map<string, Kept>();
  const recall = async (name: string) => {
    const kept = await read(place, name, seen.get(name));
    if (kept) seen.set(name, kept);
    else seen.delete(name);
    return kept?.remembered;
  };
  return {
    recall,
    async remember(name, next) {
      for (let tried = 1; ; tried += 1) {
        const known = seen.get(name);
        if (known?.remembered && isCovered(known.remembered, next)) return;
        const etag = await write(place, name, next, known?.etag);
        if (etag !== LOST) {
          seen.set(name, { etag, remembered: next });
          return;
        }
        if (tried === TRIES) return;
        await recall(name);
      }
    },
  };
}

/** What the bucket has, without fetching it again where it is as it was; undefined where there is nothing. */
async function read({ bucket, client }: MemoryPlace, name: string, known: Kept | undefined): Promise<Kept | undefined> {
  let answer: GetObjectCommandOutput;
  try {
    const asked = { Bucket: bucket, Key: PREFIX + name, IfNoneMatch: known?.etag };
    answer = await client.send(new GetObjectCommand(asked));
  } catch (error) {
    if (statusOf(error) === 304) return known;
    if (errorName(error) === 'NoSuchKey') return undefined;
    throw error;
  }
  const text = (await answer.Body?.transformToString()) ?? '';
  return { etag: answer.ETag, remembered: parsed(text) };
}

function parsed(text: string): Remembered | undefined {
  try {
    const { signedText, ...seen } = JSON.parse(text);
    return rememberedOf(JSON.stringify(seen), signedText);
  } catch {
    return undefined;
  }
}

const LOST = Symbol('another process was faster');

/** ETag of what was written; `LOST` where the object is not the one that was read. */
async function write(
  { bucket, client }: MemoryPlace,
  name: string,
  next: Remembered,
  before: string | undefined,
): Promise<string | undefined | typeof LOST> {
  const condition = before === undefined ? { IfNoneMatch: '*' } : { IfMatch: before };
  const object = { Bucket: bucket, Key: PREFIX + name, ContentType: 'application/json', Body: JSON.stringify(next) };
  try {
    return (await client.send(new PutObjectCommand({ ...object, ...condition }))).ETag;
  } catch (error) {
    // 409: two wrote at the same moment.
    if ([404, 409, 412].includes(statusOf(error))) return LOST;
    throw error;
  }
}

const statusOf = (error: unknown): number =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;
