import { join } from 'node:path';
import { priorityOf, type Release, releaseOfCodename } from '../../formats/debian/release.ts';
import { KilnError } from '../../model/error.ts';
import type { VerifiedIndex } from '../../model/package.ts';
import type { Clock } from '../../ports/clock.ts';
import type { IndexRequest, PackageSource } from '../../ports/package-source.ts';
import type { Progress } from '../../ports/progress.ts';
import { type ChosenArchive, chooseArchives } from './apt/choose-archives.ts';
import { keyringOf, readArchives } from './apt/configuration.ts';
import { contentsFilesOf, ownersByContents } from './apt/contents-index.ts';
import { debStore } from './apt/deb-store.ts';
import { fetchIndex, indexFilesOf, indexPath } from './apt/index-fetch.ts';
import { fetchRelease, knownOrigin } from './apt/release-cache.ts';
import { folderMemory, type ReleaseMemory } from './apt/release-memory.ts';
import { sweepUnused } from './apt/sweep-cache.ts';
import { makeTransport, type Transport } from './apt/transport.ts';
import { sweepTemporary } from './temporary-file.ts';

export interface AptPackageSourceOptions {
  /** Folder for all that is kept: indexes, .debs, what was seen of each source. */
  readonly cache: string;
  readonly clock: Clock;
  /** Root below which apt's configuration and keyrings are read. @default '/' */
  readonly aptRoot?: string;
  /** Where the newest Release of each suite is remembered. @default the folder `suites` of the cache */
  readonly memory?: ReleaseMemory;
  /** Whether what is made of indexes is at hand: then they are verified by their Release and not fetched. @default never */
  readonly isRead?: (indexes: readonly VerifiedIndex[], architecture: string) => Promise<boolean>;
  /** Milliseconds before the second of three tries. @default 500 */
  readonly backOffMs?: number;
  /** Milliseconds of silence after which a mirror is taken for gone. @default 30000 */
  readonly silenceMs?: number;
}

/** The archives of the machine's apt configuration, believed only under their signatures. */
export function aptPackageSource(options: AptPackageSourceOptions): PackageSource {
  const { cache, clock, backOffMs, aptRoot = '/' } = options;
  const transport = makeTransport({ silenceMs: options.silenceMs });
  const partial = join(cache, 'partial');
  sweepTemporary(partial);
  const debs = debStore({ debs: join(cache, 'debs'), data: join(cache, 'data'), partial, transport, backOffMs });
  const memory = options.memory ?? folderMemory(join(cache, 'suites'), partial);
  const context: Context = { cache, partial, clock, transport, memory, backOffMs, aptRoot, isRead: options.isRead };
  return {
    indexes: (request, progress) => indexes(request, context, progress),
    fetch: (packages, from, progress) =>
      debs.fetch(
        packages,
        async () => (typeof from === 'function' ? await from() : from).map(({ baseUri }) => baseUri),
        progress,
      ),
    open: (deb) => debs.open(deb),
    owners: (request, paths, progress) => owners(request, new Set(paths), context, progress),
    sweep: (unusedForMs) =>
      sweepUnused(
        ['debs', 'data', 'indexes', 'contents', 'partial'].map((name) => join(cache, name)),
        clock.now() - unusedForMs,
      ),
  };
}

interface Context {
  readonly cache: string;
  readonly partial: string;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly memory: ReleaseMemory;
  readonly backOffMs?: number;
  readonly aptRoot: string;
  readonly isRead: AptPackageSourceOptions['isRead'];
}

/** An index as its Release states it, and what fetches it to its path. */
interface Stated {
  readonly index: VerifiedIndex;
  fetch(): Promise<string>;
}

async function indexes(request: IndexRequest, context: Context, progress: Progress): Promise<VerifiedIndex[]> {
  const archives = archivesOf(request, context);
  const found = await Promise.all(archives.map((archive) => indexesOf(archive, request, context, progress)));
  const stated = withoutMirrors(found.flat());
  const indexes = stated.map((it) => it.index);
  if (indexes.length > 0) {
    if (!(await context.isRead?.(indexes, request.architecture))) await Promise.all(stated.map((it) => it.fetch()));
    return indexes;
  }
  throw new KilnError('CONFIG_INVALID', `no apt source of this machine is Debian's for ${request.release}`, {
    hint: 'add one to /etc/apt/sources.list.d, or name sources in the spec (os.sources)',
  });
}

function archivesOf(request: IndexRequest, { aptRoot }: Context): ChosenArchive[] {
  const isComplete = request.sources?.every((source) => source.uri && source.signedBy);
  return chooseArchives(request, isComplete ? [] : readArchives(aptRoot));
}

async function owners(
  request: IndexRequest,
  paths: ReadonlySet<string>,
  context: Context,
  progress: Progress,
): Promise<Map<string, string[]>> {
  const owned = new Map<string, string[]>();
  for (const archive of archivesOf(request, context)) {
    const release = await releaseOf(archive, request, context, progress);
    if (!release) continue;
    const base = baseOf(archive);
    const options = { ...context, folder: join(context.cache, 'contents') };
    for (const file of contentsFilesOf(release, archive.components, request.architecture)) {
      const found = await ownersByContents(base, file, paths, options, progress);
      for (const [path, names] of found) owned.set(path, [...new Set([...(owned.get(path) ?? []), ...names])]);
    }
  }
  return owned;
}

async function indexesOf(
  archive: ChosenArchive,
  request: IndexRequest,
  context: Context,
  progress: Progress,
): Promise<Stated[]> {
  const { cache, transport, partial, backOffMs } = context;
  const options = { folder: join(cache, 'indexes'), partial, transport, backOffMs };
  const release = await releaseOf(archive, request, context, progress);
  if (!release) return [];
  const base = baseOf(archive);
  const files = indexFilesOf(release, archive.components, request.architecture, base);
  return files.map((file) => ({
    index: {
      origin: release.origin,
      label: release.label,
      suite: release.suite,
      codename: release.codename,
      component: file.component,
      architecture: file.architecture,
      sha256: file.stated.sha256,
      date: new Date(release.date).toISOString(),
      baseUri: archive.uri,
      path: indexPath(options, file),
      priority: archive.priority ?? priorityOf(release),
    },
    fetch: () => fetchIndex(base, file, release, options, progress),
  }));
}

/** The verified Release of an archive; undefined for one that the request is not about. */
async function releaseOf(
  archive: ChosenArchive,
  request: IndexRequest,
  context: Context,
  progress: Progress,
): Promise<Release | undefined> {
  const { clock, transport, memory, backOffMs } = context;
  // What was once proven to be somebody else's is not asked again: its mirror being away must not stop a build.
  if (archive.onlyDebian && ![undefined, 'Debian'].includes(await knownOrigin(archive, memory))) return undefined;
  const suite = { uri: archive.uri, suite: archive.suite, keyring: keyringOf(context.aptRoot, archive.signedBy) };
  const release = await fetchRelease(suite, { memory, clock, transport, backOffMs }, progress);
  return archive.onlyDebian && !isDebians(release, request.release) ? undefined : release;
}

const baseOf = ({ uri, suite }: ChosenArchive): string => `${uri}dists/${suite}/`;

function isDebians(release: Release, wanted: string): boolean {
  return release.origin === 'Debian' && releaseOfCodename(release.codename) === wanted;
}

/** Of two mirrors of one suite only the newer index counts. */
function withoutMirrors(stated: readonly Stated[]): Stated[] {
  const newest = new Map<string, Stated>();
  for (const it of stated) {
    const before = newest.get(identity(it.index));
    if (!before || before.index.date < it.index.date) newest.set(identity(it.index), it);
  }
  // An order that does not depend on that of the machine's sources, so that locks are the same everywhere.
  return [...newest.values()].sort((a, b) => (identity(a.index) < identity(b.index) ? -1 : 1));
}

function identity(index: VerifiedIndex): string {
  return [index.origin, index.label, index.codename, index.suite, index.component, index.architecture].join('\n');
}
