import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { Writable } from 'node:stream';

const HOLE_BYTES = 64 * 1024;
const ZEROS = Buffer.alloc(HOLE_BYTES);

export interface SparseFile {
  readonly writable: Writable;
  /** Hex SHA-256 of all bytes written; once the stream has finished. */
  digest(): string;
}

/** A new file written as a stream, runs of zeros left as holes, hashed on the way. */
export async function sparseFile(path: string): Promise<SparseFile> {
  const handle = await open(path, 'wx');
  const hash = createHash('sha256');
  let position = 0;
  const writable = new Writable({
    write(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      const start = position;
      position += chunk.length;
      writeChunk(handle, chunk, start).then(() => done(), done);
    },
    final(done) {
      handle.truncate(position).then(() => done(), done);
    },
    destroy(error, done) {
      handle.close().then(() => done(error), done);
    },
  });
  let digest: string | undefined;
  return {
    writable,
    digest() {
      digest ??= hash.digest('hex');
      return digest;
    },
  };
}

async function writeChunk(handle: FileHandle, chunk: Buffer, position: number): Promise<void> {
  for (let at = 0; at < chunk.length; at += HOLE_BYTES) {
    const piece = chunk.subarray(at, at + HOLE_BYTES);
    if (!isZero(piece)) await handle.write(piece, 0, piece.length, position + at);
  }
}

/** Whether all bytes are zero. */
export function isZero(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += HOLE_BYTES) {
    const piece = bytes.subarray(at, at + HOLE_BYTES);
    if (ZEROS.compare(piece, 0, piece.length, 0, piece.length) !== 0) return false;
  }
  return true;
}
