import { sweepBases } from '../../baker/stage/base.ts';
import type { Ports } from '../../ports/ports.ts';
import { bookDigest } from '../impact/plan-book.ts';
import { LOOKS, storedDigest } from './stored-book.ts';

export interface CleanResult {
  readonly artifacts: number;
  readonly bytes: number;
  /** Work folders of builds that no longer run. */
  readonly workFolders: readonly string[];
}

type CleanPorts = Pick<Ports, 'catalog' | 'clock' | 'store' | 'source' | 'folders'>;

/** What was not used for this long can be fetched or made again. */
const UNUSED_MS = 30 * 24 * 3_600_000;

/**
 * Removes what nothing refers to any more: artifacts of no version and no running build, folders of
 * dead builds, and of the cache what was not used for 30 days.
 */
export async function cleanUp(ports: CleanPorts, options: { dryRun?: boolean } = {}): Promise<CleanResult> {
  const kept = await referredTo(ports);
  let artifacts = 0;
  let bytes = 0;
  for await (const { digest, sizeBytes } of ports.store.list()) {
    if (kept.has(digest)) continue;
    artifacts += 1;
    bytes += sizeBytes;
    if (!options.dryRun) await ports.store.remove(digest);
  }
  if (options.dryRun) return { artifacts, bytes, workFolders: [] };
  bytes += (await ports.source.sweep?.(UNUSED_MS))?.bytes ?? 0;
  await sweepBases(ports.folders.cache, ports.clock.now() - UNUSED_MS);
  return { artifacts, bytes, workFolders: ports.folders.sweep() };
}

/** Digests that a version, or a step of a build that is not over, names. */
async function referredTo({ catalog }: CleanPorts): Promise<Set<string>> {
  const books = [await bookDigest({ catalog }), await storedDigest({ catalog }, LOOKS)];
  const kept = new Set<string>(books.filter((it) => it !== undefined));
  for (const version of await catalog.listVersions()) {
    const { lockDigest, diskDigest, treeDigest, facts, state } = version;
    if (state === 'deregistered') continue;
    for (const digest of [lockDigest, diskDigest, treeDigest, ...digestsOf(facts)]) kept.add(digest);
  }
  for (const { steps, lockDigest, state } of await catalog.listBuilds({ limit: 1_000 })) {
    if (lockDigest) kept.add(lockDigest);
    const running = state === 'running' || state === 'waiting';
    for (const { result } of steps) for (const digest of digestsIn(result, running)) kept.add(digest);
  }
  return kept;
}

/** A build's reports and console are its record; all else that its steps made is only needed until the build is over. */
function digestsIn(result: unknown, running: boolean): string[] {
  const made = (result ?? {}) as Record<string, unknown>;
  return digestsOf(running ? made : { reportDigest: made.reportDigest, consoleDigest: made.consoleDigest });
}

/** What a record names as `…Digest`: digests of artifacts, and some of other things, which are no artifacts' and harm nothing. */
function digestsOf(record: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(record).flatMap(([name, it]) =>
    name.endsWith('Digest') && typeof it === 'string' ? [it] : [],
  );
}
