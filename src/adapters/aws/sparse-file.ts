import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile, writeFile } from 'node:fs/promises';
import { Writable } from 'node:stream';

const HOLE_BYTES = 64 * 1024;
const ZEROS = Buffer.alloc(HOLE_BYTES);

export interface SparseFile {
  readonly writable: Writable;
  /** Hex SHA-256 of all bytes written; once the stream has finished. */
  digest(): string;
  /** Where it has data; all else are zeros. */
  runs(): readonly Run[];
}

/** Bytes from a position to before another. */
export type Run = readonly [start: number, end: number];

/** A new file written as a stream, runs of zeros left as holes, hashed on the way. */
export async function sparseFile(path: string): Promise<SparseFile> {
  const handle = await open(path, 'wx');
  const hash = createHash('sha256');
  const runs: [number, number][] = [];
  let position = 0;
  const writable = new Writable({
    write(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      const start = position;
      position += chunk.length;
      writeChunk(handle, chunk, start, runs).then(() => done(), done);
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
    runs: () => runs,
  };
}

async function writeChunk(
  handle: FileHandle,
  chunk: Buffer,
  position: number,
  runs: [number, number][],
): Promise<void> {
  for (let at = 0; at < chunk.length; at += HOLE_BYTES) {
    const piece = chunk.subarray(at, at + HOLE_BYTES);
    if (isZero(piece)) continue;
    await handle.write(piece, 0, piece.length, position + at);
    const [start, last] = [position + at, runs.at(-1)];
    if (last && last[1] === start) last[1] = start + piece.length;
    else runs.push([start, start + piece.length]);
  }
}

const noteOf = (path: string): string => `${path}.runs`;

/** Notes beside a file where it has data: Node cannot ask for holes, and reading them is most of reading a disk. */
export async function noteRuns(path: string, runs: readonly Run[]): Promise<void> {
  await writeFile(noteOf(path), JSON.stringify(runs));
}

/** Where a file has data, as was noted beside it; all of it where nothing was. */
export async function readRuns(path: string, sizeBytes: number): Promise<readonly Run[]> {
  try {
    return JSON.parse(await readFile(noteOf(path), 'utf8'));
  } catch {
    return [[0, sizeBytes]];
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
