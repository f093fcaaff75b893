import { openTarTree } from '../../formats/archive/tar-tree.ts';
import { type Complaint, complaintsIn } from '../../formats/system/console-complaints.ts';
import { mergedPath } from '../../formats/tree/usr-merge.ts';
import { KilnError } from '../../model/error.ts';
import type { FileTree } from '../../model/file-tree.ts';
import type { Lock, LockedDeb } from '../../model/lock.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { PackageSource } from '../../ports/package-source.ts';
import type { Ports } from '../../ports/ports.ts';
import { placesOf } from './places.ts';

/** Something that a program of a booted instance said it misses, and that the image has not. */
export interface Gap {
  /** What is missing: a command, a path, a soname, a module. */
  readonly needs: string;
  /** The line of the console that says so. */
  readonly line: string;
  /** The package that has it, where one is known. */
  readonly package?: string;
  /** What to add to a list of the spec, so that it is there. */
  readonly fix?: { readonly field: string; readonly add: string };
}

export interface GapsQuestion {
  readonly spec: ImageSpec;
  readonly lock: Lock;
  /** Of the tar of the baked root tree. */
  readonly treeDigest: string;
  readonly console: string;
}

/** Without a package source it is said what programs call missing, and neither whether it is nor who has it. */
type GapPorts = Pick<Ports, 'store' | 'progress'> & { readonly source?: PackageSource };

const RULE_OF: Readonly<Record<Complaint['kind'], string>> = {
  program: 'console',
  file: 'console',
  library: 'elf-libraries',
  python: 'python-modules',
  perl: 'perl-modules',
  node: 'node-modules',
  ruby: 'ruby-modules',
};
/** What is made while a machine runs is in no package, and programs look for it before it is there. */
const MADE_WHILE_RUNNING = /^\/(run|tmp|var|proc|sys|dev|home|root|mnt|media|srv|opt)(\/|$)/;
const MOST = 20;

/**
 * What an instance's programs complained of missing and the image has not, with what to add to the spec: unproven, for a program
 * may look for what it can do without. Of a path that no package has nothing is said.
 */
export async function gapsOf({ store, progress, source }: GapPorts, question: GapsQuestion): Promise<Gap[]> {
  const complaints = complaintsIn(question.console);
  if (!source) {
    return complaints
      .filter(({ kind }) => kind !== 'file')
      .slice(0, MOST)
      .map(gap);
  }
  if (complaints.length === 0) return [];
  const tree = openTarTree(await store.path(question.treeDigest));
  const absent = complaints
    .map((complaint) => ({ complaint, places: placesIn(complaint, question.lock) }))
    .filter(({ places }) => places.length > 0 && !places.some((it) => tree.resolve(it) !== undefined))
    .slice(0, MOST);
  if (absent.length === 0) return [];
  const providers = await providersOf(
    { source, progress },
    question,
    absent.map(({ places }) => places),
  );
  return absent.flatMap(({ complaint, places }) => {
    const place = places.find((it) => providers.has(it));
    if (place === undefined) return complaint.kind === 'file' ? [] : [gap(complaint)];
    return [{ ...gap(complaint), package: providers.get(place)!, fix: fixOf(place, providers.get(place)!, question) }];
  });
}

const gap = ({ needs, line }: Complaint): Gap => ({ needs, line });

function placesIn({ kind, needs }: Complaint, lock: Lock): string[] {
  if (kind === 'file' && MADE_WHILE_RUNNING.test(needs)) return [];
  if (needs.startsWith('/')) return [mergedPath(needs)];
  return placesOf({ rule: RULE_OF[kind], needs }, platformIn(lock));
}

/** The languages' versions are those of the lock; of one that is not in it no module can be missing. */
function platformIn({ packages, build }: Lock) {
  const versionOf = (name: string, pattern: RegExp) =>
    pattern.exec([...packages, ...build.base].find((it) => it.name === name)?.version ?? '')?.[1];
  return {
    triplet: 'x86_64-linux-gnu',
    python: versionOf('python3', /^(?:\d+:)?(3\.\d+)/) ?? versionOf('python3-minimal', /^(?:\d+:)?(3\.\d+)/),
    perl: versionOf('perl-base', /^(?:\d+:)?(5\.\d+\.\d+)/),
  };
}

/** Who has each path: the packages that the lock names first, for they need no other; then the archive's Contents. */
async function providersOf(
  { source, progress }: { source: PackageSource; progress: Ports['progress'] },
  { lock, spec }: GapsQuestion,
  wanted: readonly (readonly string[])[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const deb of [...lock.packages, ...lock.build.base]) {
    const data = await dataOf(source, deb);
    for (const place of wanted.flat()) if (!found.has(place) && data?.lookup(place)) found.set(place, deb.name);
  }
  const unknown = wanted.filter((places) => !places.some((it) => found.has(it))).flat();
  if (unknown.length === 0) return found;
  for (const [place, names] of await owners(source, spec, unknown, progress)) {
    const shortest = names.toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1))[0];
    if (shortest !== undefined) found.set(place, shortest);
  }
  return found;
}

/** A package that is not at hand any more tells nothing; no test fails for that. */
async function dataOf(source: PackageSource, deb: LockedDeb): Promise<FileTree | undefined> {
  return source.open(deb).then(({ data }) => data, told);
}

async function owners(source: PackageSource, { os }: ImageSpec, places: string[], progress: Ports['progress']) {
  return (await source.owners(os, places, progress).catch(told)) ?? new Map<string, string[]>();
}

function told(error: unknown): undefined {
  if (error instanceof KilnError) return undefined;
  throw error;
}

/** A file of a package that is in was pruned; one of a package that configures others comes alone; else the package comes. */
function fixOf(place: string, owner: string, { lock }: GapsQuestion): NonNullable<Gap['fix']> {
  const shipped = lock.packages.find((it) => it.name === owner);
  if (shipped && shipped.files === undefined) return { field: 'minimize.keep', add: place };
  if (shipped || lock.build.base.some((it) => it.name === owner))
    return { field: 'resolution.includeFiles', add: place };
  return { field: 'resolution.include', add: owner };
}

/** A gap in one line, with what to add where that is known. */
export function describeGap({ needs, line, package: owner, fix }: Gap): string {
  const has = owner === undefined ? '' : `; package ${owner} has it`;
  const add = fix === undefined ? '' : `: ${fix.field}: [${fix.add}]`;
  return `unproven: ${needs} (console: ${line.length > 120 ? `${line.slice(0, 119)}…` : line})${has}${add}`;
}
