import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Compression, decompressor } from '../../../formats/archive/compression.ts';
import type { Release, ReleaseFile } from '../../../formats/debian/release.ts';
import { KilnError } from '../../../model/error.ts';
import type { Progress } from '../../../ports/progress.ts';
import { digestOfFile } from '../file-digest.ts';
import { isWhole, seal } from '../sealed-file.ts';
import { withTemporaryFile } from '../temporary-file.ts';
import { ABSENT, download } from './download.ts';
import { type Transport, withoutPassword } from './transport.ts';

/** A Packages file that a Release states. */
export interface IndexFile {
  /** Path below the suite's folder, without an ending. */
  readonly stem: string;
  readonly component: string;
  readonly architecture: string;
  /** Of the uncompressed file. */
  readonly stated: ReleaseFile;
}

export interface IndexCacheOptions {
  /** Folder of uncompressed indexes, by digest. */
  readonly folder: string;
  readonly partial: string;
  readonly transport: Transport;
  readonly backOffMs?: number;
}

/**
 * Fastest first where a download is at least 5 MB/s: of Debian main, gz takes 3 MB more than xz to fetch and a third of
 * its time to decompress.
 */
const PREFERENCE: readonly Compression[] = ['zst', 'gz', 'xz', ''];

/** Packages files of some components that the Release states, those of `all` too where they are apart. Throws INDEX_CORRUPT. */
export function indexFilesOf(
  release: Release,
  components: readonly string[],
  architecture: string,
  where: string,
): IndexFile[] {
  const architectures = release.allInEachIndex ? [architecture] : [architecture, 'all'];
  return components.flatMap((component) => {
    const found = architectures.flatMap((each) => {
      const stem = `${component}/binary-${each}/Packages`;
      const stated = release.files.get(stem);
      return stated ? [{ stem, component, architecture: each, stated }] : [];
    });
    if (found.length > 0) return found;
    throw new KilnError('CONFIG_INVALID', `${where} has no component ${component} for ${architecture}`, {
      hint: 'check the components of the source',
    });
  });
}

/** Where the uncompressed index is, once it was fetched. */
export function indexPath({ folder }: Pick<IndexCacheOptions, 'folder'>, { stated }: IndexFile): string {
  return join(folder, stated.sha256);
}

/** Path of the uncompressed index, fetched if its bytes are not here yet. Throws INDEX_CORRUPT, SOURCE_UNAVAILABLE. */
export async function fetchIndex(
  base: string,
  file: IndexFile,
  release: Release,
  options: IndexCacheOptions,
  progress: Progress,
): Promise<string> {
  const { sha256, sizeBytes } = file.stated;
  const path = indexPath(options, file);
  if (await isWhole(path, options.partial, sha256)) return path;
  await mkdir(options.folder, { recursive: true });
  await withTemporaryFile(options.partial, async (temporary) => {
    if (sizeBytes === 0) await writeFile(temporary, '');
    else await fetchInto(temporary, base, file, release, options, progress);
    if ((await digestOfFile(temporary)) !== sha256)
      throw corrupt(`${withoutPassword(base)}${file.stem} is not what the signed Release states`);
    await rename(temporary, path);
    await seal(path, sha256, options.partial);
  });
  return path;
}

async function fetchInto(
  path: string,
  base: string,
  file: IndexFile,
  release: Release,
  options: IndexCacheOptions,
  progress: Progress,
): Promise<void> {
  const offered = PREFERENCE.flatMap((compression) => {
    const name = compression === '' ? file.stem : `${file.stem}.${compression}`;
    const stated = release.files.get(name);
    return stated ? [{ name, compression, stated }] : [];
  });
  for (const [at, { name, compression, stated }] of offered.entries()) {
    const where = withoutPassword(base + name);
    try {
      const work = `index ${release.codename} ${file.component}`;
      let done = 0;
      const onBytes = (count: number) => {
        done += count;
        progress.advance(work, done, stated.sizeBytes, 'bytes');
      };
      const wanted = { name: where, ...stated, uris: urisOf(base, name, stated, release) };
      return await withTemporaryFile(options.partial, async (packed) => {
        await download(wanted, packed, { ...options, onBytes });
        await unpack(packed, path, compression, where);
      });
    } catch (error) {
      const absent = error instanceof KilnError && error.cause === ABSENT;
      // A Release may state files that a mirror does not keep, such as the uncompressed ones.
      if (absent && at < offered.length - 1) continue;
      throw indexFault(error, where);
    }
  }
}

function urisOf(base: string, name: string, stated: ReleaseFile, release: Release): string[] {
  const byHash = `${base}${name.slice(0, name.lastIndexOf('/'))}/by-hash/SHA256/${stated.sha256}`;
  return release.acquireByHash ? [byHash, base + name] : [base + name];
}

async function unpack(from: string, to: string, compression: Compression, where: string): Promise<void> {
  const stage = decompressor(compression) ?? new PassThrough();
  try {
    await pipeline(createReadStream(from, { highWaterMark: 1 << 20 }), stage, createWriteStream(to));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw error;
    throw corrupt(`${where} cannot be decompressed`, error);
  }
}

function indexFault(error: unknown, where: string): unknown {
  if (!(error instanceof KilnError)) return error;
  if (error.code === 'PACKAGE_CORRUPT') return corrupt(`${where} is not what the signed Release states`, error);
  if (error.cause !== ABSENT) return error;
  return new KilnError('SOURCE_UNAVAILABLE', `${where} is stated by the Release and is not there`, {
    hint: 'the mirror is being updated or incomplete: try again later',
    cause: error,
  });
}

function corrupt(message: string, cause?: unknown): KilnError {
  return new KilnError('INDEX_CORRUPT', message, {
    hint: 'the mirror is being updated or tampered with: try again later, or another mirror',
    cause,
  });
}
