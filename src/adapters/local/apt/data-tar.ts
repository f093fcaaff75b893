import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { decompressor } from '../../../formats/archive/compression.ts';
import type { DebPart } from '../../../formats/archive/deb.ts';
import { KilnError } from '../../../model/error.ts';
import { isWhole, seal } from '../sealed-file.ts';
import { withTemporaryFile } from '../temporary-file.ts';

/** Above this many compressed bytes dpkg-deb, which uses every processor, is faster than starting it costs. */
const WORTH_A_PROCESS = 1 << 20;

/**
 * Path of a .deb's data.tar, decompressed into `folder` under the .deb's digest and kept; a damaged one is made again. Throws
 * PACKAGE_CORRUPT, NO_SPACE.
 */
export async function dataTar(
  deb: { path: string; sha256: string; data: DebPart },
  folder: string,
  temporary: string,
): Promise<string> {
  const path = join(folder, `${deb.sha256}.tar`);
  if (await isWhole(path, temporary)) return path;
  await mkdir(folder, { recursive: true });
  await withTemporaryFile(temporary, async (file) => {
    const sha256 = await decompressInto(file, deb);
    await rename(file, path);
    await seal(path, sha256, temporary);
  });
  return path;
}

async function decompressInto(file: string, deb: { path: string; data: DebPart }): Promise<string> {
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await pipeline(await decompressed(deb.path, deb.data), hashing, createWriteStream(file));
  } catch (error) {
    if (error instanceof KilnError || (error as NodeJS.ErrnoException).code === 'ENOSPC') throw error;
    throw corrupt(deb.path, (error as Error).message, error);
  }
  return hash.digest('hex');
}

async function decompressed(path: string, part: DebPart): Promise<Readable> {
  if (part.compression === 'xz' && part.size > WORTH_A_PROCESS) {
    const stream = await byDpkg(path);
    if (stream) return stream;
  }
  const { offset, size } = part;
  if (size === 0) throw corrupt(path, 'its data.tar is empty');
  const packed = createReadStream(path, { start: offset, end: offset + size - 1, highWaterMark: 1 << 18 });
  const stage = decompressor(part.compression) ?? new PassThrough();
  packed.on('error', (error) => stage.destroy(error));
  return packed.pipe(stage);
}

/** dpkg-deb's output; undefined where there is no dpkg-deb. */
async function byDpkg(path: string): Promise<Readable | undefined> {
  const child = spawn('dpkg-deb', ['--fsys-tarfile', path], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint += text;
  });
  const started = await new Promise<boolean>((tell) => {
    child.once('spawn', () => tell(true));
    child.once('error', () => tell(false));
  });
  if (!started) return undefined;
  const output = new PassThrough({ highWaterMark: 1 << 20 });
  child.stdout.pipe(output, { end: false });
  child.once('close', (status) => {
    if (status === 0) output.end();
    else output.destroy(corrupt(path, `dpkg-deb ended with ${status}: ${complaint.trim()}`));
  });
  // Nobody reads on: dpkg-deb must not wait for ever.
  output.once('close', () => child.kill());
  return output;
}

function corrupt(path: string, what: string, cause?: unknown): KilnError {
  return new KilnError('PACKAGE_CORRUPT', `${path} is not a Debian package: ${what}`, {
    hint: 'fetch it again',
    cause,
  });
}
