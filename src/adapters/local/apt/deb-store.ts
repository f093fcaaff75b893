import { chmod, mkdir, rm, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { readControl, readDebLayout } from '../../../formats/archive/deb.ts';
import { openTarTree } from '../../../formats/archive/tar-tree.ts';
import { KilnError } from '../../../model/error.ts';
import type { DebContents, PackageReference } from '../../../ports/package-source.ts';
import type { Progress } from '../../../ports/progress.ts';
import { digestOfFile } from '../file-digest.ts';
import { limiter } from '../limiter.ts';
import { type BaseOrder, basesInOrder, uriBelow } from './base-order.ts';
import { dataTar } from './data-tar.ts';
import { download } from './download.ts';
import type { Transport } from './transport.ts';

export interface DebStoreOptions {
  /** Folder of .debs, by digest. */
  readonly debs: string;
  /** Folder of their data.tar, decompressed. */
  readonly data: string;
  readonly partial: string;
  readonly transport: Transport;
  readonly backOffMs?: number;
}

const DOWNLOADS = 8;

export interface DebStore {
  fetch(
    packages: readonly PackageReference[],
    bases: () => Promise<readonly string[]>,
    progress: Progress,
  ): Promise<Map<string, string>>;
  open(deb: PackageReference): Promise<DebContents>;
}

/** .debs on this machine, by SHA-256; each is verified when a process first meets it, and fetched again when damaged. */
export function debStore(options: DebStoreOptions): DebStore {
  const verified = new Map<string, Promise<boolean>>();
  const opened = new Map<string, Promise<DebContents>>();
  const unpacking = limiter(availableParallelism());
  const isHere = (deb: PackageReference) => once(verified, deb.sha256, () => isWhole(pathOf(options, deb), deb));

  return {
    async fetch(packages, bases, progress) {
      const wanted = [...new Map(packages.map((deb) => [deb.sha256, deb])).values()];
      const checking = limiter(availableParallelism());
      const here = await Promise.all(wanted.map((deb) => checking(() => isHere(deb))));
      const missing = wanted.filter((_, at) => !here[at]);
      if (missing.length > 0) await fetchAll(missing, await bases(), options, progress);
      for (const deb of missing) verified.set(deb.sha256, Promise.resolve(true));
      return new Map(wanted.map((deb) => [deb.sha256, pathOf(options, deb)]));
    },
    open(deb) {
      return once(opened, deb.sha256, async () => {
        if (await isHere(deb)) return unpacking(() => openDeb(deb, options));
        throw new KilnError('PACKAGE_CORRUPT', `${deb.name} ${deb.version} is not in the store, or damaged there`, {
          hint: 'fetch it again',
        });
      });
    },
  };
}

/** The promise kept under a key, made when missing; one that fails is forgotten. */
function once<T>(kept: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const before = kept.get(key);
  if (before) return before;
  const promise = make();
  kept.set(key, promise);
  promise.then(
    (value) => value === false && kept.delete(key),
    () => kept.delete(key),
  );
  return promise;
}

function pathOf(options: DebStoreOptions, deb: PackageReference): string {
  return join(options.debs, `${deb.sha256}.deb`);
}

async function isWhole(path: string, deb: PackageReference): Promise<boolean> {
  const size = await stat(path).then(
    (stats) => stats.size,
    () => undefined,
  );
  return size === deb.sizeBytes && (await digestOfFile(path)) === deb.sha256;
}

async function fetchAll(
  missing: readonly PackageReference[],
  bases: readonly string[],
  options: DebStoreOptions,
  progress: Progress,
): Promise<void> {
  await mkdir(options.debs, { recursive: true });
  const total = missing.reduce((sum, deb) => sum + deb.sizeBytes, 0);
  let done = 0;
  const onBytes = (count: number) => {
    done = Math.min(done + count, total - 1);
    progress.advance('packages', done, total, 'bytes');
  };
  const order = basesInOrder(bases);
  const abort = new AbortController();
  const turn = limiter(DOWNLOADS);
  const results = await Promise.allSettled(
    missing.map((deb) =>
      turn(async () => {
        abort.signal.throwIfAborted();
        await fetchOne(deb, order, options, onBytes, abort.signal);
      }).catch((error) => {
        // The others stop where they are: their bytes are kept, and the fault is told at once.
        abort.abort(error);
        throw abort.signal.reason;
      }),
    ),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw abort.signal.reason;
  progress.advance('packages', total, total, 'bytes');
}

async function fetchOne(
  deb: PackageReference,
  order: BaseOrder,
  options: DebStoreOptions,
  onBytes: (count: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const path = pathOf(options, deb);
  const name = `${deb.name} ${deb.version}`;
  const bases = order.of(deb);
  await rm(path, { force: true });
  const uris = bases.map((base) => uriBelow(base, deb.filename));
  const { transport, partial, backOffMs } = options;
  const used = await download({ name, sha256: deb.sha256, sizeBytes: deb.sizeBytes, uris }, path, {
    transport,
    partial,
    backOffMs,
    onBytes,
    signal,
  });
  order.worked(deb, bases[uris.indexOf(used)]!);
  await chmod(path, 0o444);
}

async function openDeb(deb: PackageReference, options: DebStoreOptions): Promise<DebContents> {
  const path = pathOf(options, deb);
  const layout = readDebLayout(path);
  const control = readControl(path, layout);
  const tar = await dataTar({ path, sha256: deb.sha256, data: layout.data }, options.data, options.partial);
  return { control, data: openTarTree(tar, { package: deb.name }), dataTar: tar };
}
