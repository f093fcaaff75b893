import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { GetObjectCommand, type GetObjectCommandOutput, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { KilnError } from '../../model/error.ts';
import { errorName } from './aws-fault.ts';

/** An artifact that is read once, from its beginning, and never written down here. */
export interface ArtifactStream {
  readonly sizeBytes: number;
  /**
   * Its bytes in pieces. They are believed only once they have ended: throws ARTIFACT_CORRUPT at their end where they have another
   * digest or size, NOT_FOUND, DEPENDENCY_UNAVAILABLE.
   */
  bytes(): AsyncIterable<Buffer>;
}

export interface ObjectPlace {
  readonly client: S3Client;
  readonly bucket: string;
  readonly key: string;
}

/** Metadata of an object: bytes of what it holds compressed. */
export const SIZE = 'kiln-size';
const PIECE_BYTES = 1 << 20;
const TRIES = 5;

/** The artifact of a digest that an object holds compressed with zstd. Throws NOT_FOUND. */
export async function streamArtifact(place: ObjectPlace, digest: string): Promise<ArtifactStream> {
  const { client, bucket: Bucket, key: Key } = place;
  const found = await client.send(new HeadObjectCommand({ Bucket, Key })).catch((error: unknown) => {
    if (errorName(error) !== 'NotFound') throw error;
  });
  if (!found) throw noArtifact(digest, Bucket);
  const sizeBytes = Number(found.Metadata?.[SIZE]);
  return { sizeBytes, bytes: () => checked(decompressed(place, digest), { digest, sizeBytes, bucket: Bucket }) };
}

export function noArtifact(digest: string, bucket: string): KilnError {
  return new KilnError('NOT_FOUND', `no artifact ${digest} in ${bucket}`, { hint: 'build the image again' });
}

export function damagedArtifact(digest: string, bucket: string, why: string): KilnError {
  const hint = 'remove the object and build the image again';
  return new KilnError('ARTIFACT_CORRUPT', `artifact ${digest} in ${bucket} is damaged: ${why}`, { hint });
}

interface Stated {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly bucket: string;
}

async function* checked(pieces: AsyncIterable<Buffer>, { digest, sizeBytes, bucket }: Stated): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of pieces) {
    hash.update(piece);
    size += piece.length;
    yield piece;
  }
  const seen = hash.digest('hex');
  if (seen !== digest) throw damagedArtifact(digest, bucket, `its bytes have the digest ${seen}`);
  if (size !== sizeBytes) throw damagedArtifact(digest, bucket, `it has ${size} bytes in place of ${sizeBytes}`);
}

async function* decompressed(place: ObjectPlace, digest: string): AsyncGenerator<Buffer> {
  // Node's own pieces of 16 KiB would be ten thousands for a disk.
  const unpack = createZstdDecompress({ chunkSize: PIECE_BYTES });
  const packed = Readable.from(compressed(place, digest));
  packed.on('error', (error) => unpack.destroy(error));
  try {
    yield* packed.pipe(unpack) as AsyncIterable<Buffer>;
  } catch (error) {
    if (!String((error as { code?: string }).code).startsWith('ZSTD')) throw error;
    throw damagedArtifact(digest, place.bucket, 'it is not a zstd stream');
  } finally {
    packed.destroy();
  }
}

/** An object's own bytes; a connection that breaks is gone on with from where it was. */
async function* compressed({ client, bucket: Bucket, key: Key }: ObjectPlace, digest: string): AsyncGenerator<Buffer> {
  let [at, failed] = [0, 0];
  let IfMatch: string | undefined;
  for (;;) {
    const Range = at === 0 ? undefined : `bytes=${at}-`;
    const asked: Promise<GetObjectCommandOutput> = client.send(new GetObjectCommand({ Bucket, Key, Range, IfMatch }));
    const answer = await asked.catch((error: unknown) => {
      throw errorName(error) === 'NoSuchKey' ? noArtifact(digest, Bucket) : error;
    });
    IfMatch = answer.ETag;
    try {
      for await (const piece of answer.Body as AsyncIterable<Buffer>) {
        at += piece.length;
        yield piece;
      }
      return;
    } catch (error) {
      failed += 1;
      if (failed < TRIES) continue;
      const message = `artifact ${digest} in ${Bucket}: its bytes ended ${TRIES} times before their end: ${(error as Error).message}`;
      throw new KilnError('DEPENDENCY_UNAVAILABLE', message, { hint: 'try again in a minute', cause: error });
    }
  }
}
