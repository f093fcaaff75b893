import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { decompress } from '../../formats/archive/compression.ts';
import { unlz4 } from '../../formats/archive/lz4.ts';
import { KilnError } from '../../model/error.ts';
import type { VerifiedIndex } from '../../model/package.ts';

/** A Packages file as it was found, decompressed, and the index of today that it is an earlier state of. */
export interface PackagesFile {
  readonly path: string;
  readonly text: Buffer;
  readonly like: VerifiedIndex;
}

/** Quickest to read first: the same index is often there in several forms. */
const ENDINGS = ['', '.lz4', '.zst', '.gz', '.xz'];
const DEPTH = 12;

/**
 * The Packages files below a folder: a mirror's tree, apt's lists, or files laid there by hand; plain, gz, xz, zst or lz4, by name or by
 * hash. Those of indexes that `now` does not have (other suites, components, architectures) are passed over. Throws NOT_FOUND, INDEX_CORRUPT.
 */
export function readPackagesFiles(folder: string, now: readonly VerifiedIndex[], architecture: string): PackagesFile[] {
  const paths = filesBelow(folder, DEPTH).sort();
  const named = [...Map.groupBy(paths.filter(isNamed), stemOf).values()].map(quickest);
  const folders = new Set(named.map(dirname));
  const hashed = paths.filter((it) => isByHash(it) && !folders.has(indexFolder(it)));
  const files = [...named, ...hashed].flatMap((path): PackagesFile[] => {
    const like = likeOf(path.slice(folder.length), now, architecture);
    const text = like && readText(path);
    return like && text ? [{ path, text, like }] : [];
  });
  if (files.length > 0) return onePerIndex(files);
  throw new KilnError('NOT_FOUND', `no Packages file of these sources in ${folder}`, {
    hint: `files called Packages, alone or after "_" as apt has them, plain or ${ENDINGS.slice(1).join(' ')}; or by hash below binary-${architecture}/by-hash`,
  });
}

function filesBelow(folder: string, depth: number): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry: Dirent): string[] => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return depth > 0 && entry.name !== 'pool' ? filesBelow(path, depth - 1) : [];
    return entry.isFile() || entry.isSymbolicLink() ? [path] : [];
  });
}

const NAMED = /(?:(?:^|_)Packages|\.packages)(\.lz4|\.zst|\.gz|\.xz)?$/;

const isNamed = (path: string): boolean => NAMED.test(basename(path));
const stemOf = (path: string): string => path.slice(0, path.length - (NAMED.exec(basename(path))?.[1] ?? '').length);
const isByHash = (path: string): boolean => /\/by-hash\/[^/]+\/[0-9a-f]{32,128}$/.test(path);

/** `…/binary-amd64` of `…/binary-amd64/by-hash/SHA256/…`. */
const indexFolder = (path: string): string => dirname(dirname(dirname(path)));

function quickest(forms: readonly string[]): string {
  const rank = (path: string): number => ENDINGS.indexOf(NAMED.exec(basename(path))?.[1] ?? '');
  return forms.reduce((best, it) => (rank(it) < rank(best) ? it : best));
}

/** The index that a path speaks of, as a mirror has it (`dists/SUITE/COMPONENT/binary-ARCH/…`) or apt (the same with `_`). */
function likeOf(path: string, now: readonly VerifiedIndex[], architecture: string): VerifiedIndex | undefined {
  const flat = path.replaceAll('/', '_');
  const binary = /_binary-([a-z0-9-]+)_/.exec(flat)?.[1];
  if (flat.includes('debian-installer') || (binary !== undefined && ![architecture, 'all'].includes(binary))) {
    return undefined;
  }
  const stated = /(?:^|_)dists_(.+?)_([^_]+)_binary-/.exec(flat);
  if (!stated) return now.find((it) => flat.includes(`_${it.codename}_`)) ?? now[0];
  const [, suite, component] = stated;
  return now.find((it) => (it.suite === suite || it.codename === suite) && it.component === component);
}

/** Undefined for what is no Packages file: by hash there are Release files as well. */
function readText(path: string): Buffer | undefined {
  let text: Buffer;
  try {
    text = uncompressed(readFileSync(path));
  } catch (cause) {
    throw new KilnError('INDEX_CORRUPT', `${path} cannot be read: ${(cause as Error).message}`, {
      hint: 'copy the file again',
      cause,
    });
  }
  return !isByHash(path) || text.toString('latin1', 0, 8) === 'Package:' ? text : undefined;
}

/** By its first bytes: a file by hash has no ending. */
function uncompressed(bytes: Buffer): Buffer {
  const starts = (hex: string): boolean => bytes.subarray(0, hex.length / 2).toString('hex') === hex;
  if (starts('fd377a585a00')) return decompress(bytes, 'xz');
  if (starts('1f8b')) return decompress(bytes, 'gz');
  if (starts('28b52ffd')) return decompress(bytes, 'zst');
  return starts('04224d18') ? unlz4(bytes) : bytes;
}

/** A mirror keeps earlier states by hash, and nothing in them says which one somebody means. */
function onePerIndex(files: readonly PackagesFile[]): PackagesFile[] {
  return [...Map.groupBy(files, (it) => (isByHash(it.path) ? indexFolder(it.path) : it.path)).values()].map(
    (states) => {
      const [first, other] = states.filter((it, i) => states.findIndex((same) => same.text.equals(it.text)) === i);
      if (!other) return first!;
      throw new KilnError('NOT_FOUND', `${indexFolder(first!.path)} has several states of one index, by hash`, {
        hint: 'copy the one that is meant into a folder of its own, as Packages or Packages.xz',
      });
    },
  );
}
