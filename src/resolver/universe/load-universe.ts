import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { KilnError } from '../../model/error.ts';
import type { VerifiedIndex } from '../../model/package.ts';
import { type ByteSource, universeKey } from './cache-format.ts';
import type { Tables } from './columns.ts';
import { decodeUniverse, readIndexes } from './decode-universe.ts';
import { encodeUniverse } from './encode-universe.ts';
import { buildTables } from './tables.ts';
import { type Universe, universeOf } from './universe.ts';

/**
 * The universe of verified indexes on this machine: from its binary form in `folder` where that is there and undamaged, else made from
 * the indexes and kept there for the next time. Throws INDEX_CORRUPT.
 */
export function loadUniverse(folder: string, indexes: readonly VerifiedIndex[], architecture: string): Universe {
  const path = join(folder, `${universeKey(indexes, architecture)}.universe`);
  const read = (): { index: VerifiedIndex; text: Buffer }[] =>
    indexes.map((index) => ({ index, text: readIndex(index, path) }));
  const source = openBytes(path);
  const make = (): Tables => {
    const tables = buildTables(read(), architecture);
    keep(folder, path, encodeUniverse(universeOf(tables)));
    return tables;
  };
  return (source && decodeUniverse(source, indexes, architecture, make)) ?? universeOf(make());
}

/** Indexes of which a universe is at hand need not be. */
function readIndex(index: VerifiedIndex, universe: string): Buffer {
  try {
    return readFileSync(index.path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const message = `${universe} is damaged, and ${index.path}, which it was made of, is not there`;
    throw new KilnError('INDEX_CORRUPT', message, { hint: 'remove the damaged file and try again', cause: error });
  }
}

/** A universe of earlier indexes from its binary form, by the file's name; undefined where it is not there, or damaged. */
export function recallUniverse(folder: string, name: string, architecture: string): Universe | undefined {
  const source = openBytes(join(folder, name));
  const indexes = source && readIndexes(source);
  if (!indexes || `${universeKey(indexes, architecture)}.universe` !== name) return undefined;
  return decodeUniverse(source, indexes, architecture, () => {
    throw new KilnError('INDEX_CORRUPT', `${join(folder, name)} is damaged`, { hint: 'remove it' });
  });
}

/** Indexes that universes of a folder are of, each with its fellows; the oldest first. */
export function seenIndexes(folder: string): (readonly VerifiedIndex[])[] {
  if (!existsSync(folder)) return [];
  const paths = readdirSync(folder).filter((it) => it.endsWith('.universe'));
  const seen = paths.flatMap((name) => {
    const source = openBytes(join(folder, name));
    const indexes = source && readIndexes(source);
    return indexes ? [indexes] : [];
  });
  return seen.sort((a, b) => (newestDate(a) < newestDate(b) ? -1 : 1));
}

/** When the newest of some indexes was made. */
export function newestDate(indexes: readonly VerifiedIndex[]): string {
  const dates = indexes.map((it) => it.date).sort();
  return dates.at(-1) ?? '';
}

/** Puts the file there whole or not at all; a folder that cannot be written only costs the next start its speed. */
function keep(folder: string, path: string, chunks: Iterable<Buffer>): void {
  const partial = `${path}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true });
    const file = openSync(partial, 'w');
    try {
      for (const chunk of chunks) writeSync(file, chunk);
    } finally {
      closeSync(file);
    }
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}

/** A file's bytes at random; undefined where there is no such file. It stays open as long as the universe is used. */
function openBytes(path: string): ByteSource | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return undefined;
  }
  const { size } = fstatSync(descriptor);
  const owner: ByteSource = {
    size,
    read: (offset, length) => {
      const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, size - offset)));
      return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, offset));
    },
  };
  closing.register(owner, descriptor);
  return owner;
}

const closing = new FinalizationRegistry<number>((descriptor) => closeSync(descriptor));
