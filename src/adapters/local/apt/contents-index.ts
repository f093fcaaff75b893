import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Compression, decompressor } from '../../../formats/archive/compression.ts';
import { type Owned, ownersIn, reduceContents } from '../../../formats/debian/contents.ts';
import type { Release, ReleaseFile } from '../../../formats/debian/release.ts';
import { KilnError } from '../../../model/error.ts';
import type { Progress } from '../../../ports/progress.ts';
import { digestOfFile } from '../file-digest.ts';
import { isWhole, seal } from '../sealed-file.ts';
import { withTemporaryFile } from '../temporary-file.ts';
import { download } from './download.ts';
import type { IndexCacheOptions } from './index-fetch.ts';
import { withoutPassword } from './transport.ts';

/** A Contents file that a Release states, in the form that is fetched. */
export interface ContentsFile {
  /** Path below the suite's folder. */
  readonly name: string;
  readonly compression: Compression;
  readonly stated: ReleaseFile;
}

/** Changes when a reduced index would hold other lines. */
const RECIPE = 2;

/** Contents files that a Release states for some components, of the architecture and of `all`; none is no fault. */
export function contentsFilesOf(release: Release, components: readonly string[], architecture: string): ContentsFile[] {
  const stems = components.flatMap((it) => [`${it}/Contents-${architecture}`, `${it}/Contents-all`]);
  return stems.flatMap((stem) => {
    const compression = (['zst', 'gz', 'xz', ''] as const).find((it) => release.files.has(named(stem, it)));
    if (compression === undefined) return [];
    const name = named(stem, compression);
    return [{ name, compression, stated: release.files.get(name)! }];
  });
}

const named = (stem: string, compression: Compression): string =>
  compression === '' ? stem : `${stem}.${compression}`;

/** Owners of some paths by one Contents file, which is fetched, verified and reduced once. Throws INDEX_CORRUPT, SOURCE_UNAVAILABLE. */
export async function ownersByContents(
  base: string,
  file: ContentsFile,
  paths: ReadonlySet<string>,
  options: IndexCacheOptions,
  progress: Progress,
): Promise<Owned> {
  // An empty one, as security archives have it, still has the bytes of its compression.
  if (file.stated.sizeBytes < 64) return new Map();
  return ownersIn(await readFile(await reducedIndex(base, file, options, progress), 'latin1'), paths);
}

async function reducedIndex(
  base: string,
  file: ContentsFile,
  options: IndexCacheOptions,
  progress: Progress,
): Promise<string> {
  const path = join(options.folder, `${file.stated.sha256}.${RECIPE}`);
  if (await isWhole(path, options.partial)) return path;
  await mkdir(options.folder, { recursive: true });
  progress.note('reading which package has which file');
  const where = withoutPassword(base + file.name);
  await withTemporaryFile(options.partial, async (packed) => {
    await fetchInto(packed, base, file, options, progress);
    await withTemporaryFile(options.partial, async (reduced) => {
      await reduceInto(reduced, packed, file.compression, where);
      const sha256 = await digestOfFile(reduced);
      await rename(reduced, path);
      await seal(path, sha256, options.partial);
    });
  });
  return path;
}

async function fetchInto(
  packed: string,
  base: string,
  { name, stated }: ContentsFile,
  options: IndexCacheOptions,
  progress: Progress,
): Promise<void> {
  const byHash = `${base}${name.slice(0, name.lastIndexOf('/'))}/by-hash/SHA256/${stated.sha256}`;
  const wanted = { name: withoutPassword(base + name), ...stated, uris: [byHash, base + name] };
  let done = 0;
  const onBytes = (count: number) => {
    done += count;
    progress.advance(`index ${name}`, done, stated.sizeBytes, 'bytes');
  };
  await download(wanted, packed, { ...options, onBytes }).catch((error) => {
    if (!(error instanceof KilnError) || error.code !== 'PACKAGE_CORRUPT') throw error;
    throw corrupt(`${wanted.name} is not what the signed Release states`, error);
  });
}

async function reduceInto(to: string, from: string, compression: Compression, where: string): Promise<void> {
  const stage = decompressor(compression) ?? new PassThrough();
  const reduce = reduceContents();
  const reducing = new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, Buffer.from(reduce(chunk.toString('latin1')), 'latin1')),
    flush: (done) => done(null, Buffer.from(reduce('\n'), 'latin1')),
  });
  try {
    await pipeline(createReadStream(from, { highWaterMark: 1 << 20 }), stage, reducing, createWriteStream(to));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw error;
    throw corrupt(`${where} cannot be decompressed`, error);
  }
}

function corrupt(message: string, cause: unknown): KilnError {
  const hint = 'the mirror is being updated or tampered with: try again later, or another mirror';
  return new KilnError('INDEX_CORRUPT', message, { hint, cause });
}
