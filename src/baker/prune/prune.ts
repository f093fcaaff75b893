import { chmodSync, lstatSync, rmdirSync, unlinkSync } from 'node:fs';
import { folderTree, readRange } from '../../formats/tree/folder-tree.ts';
import type { Lock, LockedPackage } from '../../model/lock.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { PackageSource } from '../../ports/package-source.ts';
import type { Stage } from '../stage/stage.ts';
import { anyGlob } from '../tree/glob.ts';
import { ownersOf } from '../tree/owners.ts';
import { layEntry } from '../tree/unpack-tree.ts';
import { type FolderEntry, walkFolder } from '../tree/walk-folder.ts';
import type { Amount, PruneReport } from '../types.ts';
import { isAlwaysKept } from './always.ts';
import { DER_SEQUENCE, isKeyStore } from './key-store.ts';
import type { PruneRule, StagedEntry } from './prune-rule.ts';
import { pruneRules } from './prune-rules.ts';

const LARGEST_KEY = 16 * 1024;

/** What pruning left, besides its report: the paths that belong to no package. */
export interface Pruned {
  readonly report: Omit<PruneReport, 'kept' | 'generated'>;
  readonly made: readonly string[];
}

interface Judged extends FolderEntry {
  readonly entry: StagedEntry;
  readonly rule?: PruneRule;
}

/**
 * Takes out of a staged root all that is neither a file of a package that ships whole, nor listed by the lock, nor made
 * while configuring and useful; which rule took what is reported. Works on the folder from the top down and follows no link.
 */
export async function pruneRoot(
  stage: Stage,
  request: { spec: ImageSpec; lock: Lock },
  source: Pick<PackageSource, 'open'>,
): Promise<Pruned> {
  const { root } = stage;
  const listed = await layListedFiles(root, request.lock, source);
  const rules = [...pruneRules(request.spec), danglingLinks];
  const staged = walkFolder(root);
  const judged = judge(staged, stage, listed, request, rules);
  const amounts = new Map(rules.map((rule) => [rule.id, { files: 0, bytes: 0 }]));
  const remove = (it: Judged, rule: PruneRule) => {
    if (it.stats.isDirectory()) return;
    unlinkSync(root + it.path);
    add(amounts.get(rule.id)!, it);
  };
  for (const it of judged) if (it.rule) remove(it, it.rule);
  const left = judged.filter((it) => !it.rule);
  removeEmptyFolders(root, judged);
  const dangling = removeDangling(root, left, (it) => remove(it, danglingLinks));
  removeEmptyFolders(root, judged);
  const gone = (it: Judged) =>
    dangling.has(it.path) || lstatSync(root + it.path, { throwIfNoEntry: false }) === undefined;
  const ordinary = dropSetId(
    root,
    left.filter((it) => !gone(it)),
    request.spec,
  );
  return {
    report: {
      ordinary,
      staged: amountOf(staged),
      removed: rules
        .map(({ id, what, why }) => ({ rule: id, what, why, ...amounts.get(id)! }))
        .filter((it) => it.files > 0),
    },
    made: left.filter((it) => belongsToNone(it) && !gone(it)).map((it) => it.path),
  };
}

/**
 * Takes the set-user-id and set-group-id bits of programs, which serve people who log in; gives the paths. `minimize.keep` stands
 * above it.
 */
function dropSetId(root: string, left: readonly Judged[], { minimize }: Pick<ImageSpec, 'minimize'>): string[] {
  const kept = anyGlob(minimize.keep);
  const programs = left.filter(
    ({ path, stats }) => stats.isFile() && (stats.mode & 0o6000) !== 0 && (stats.mode & 0o111) !== 0 && !kept(path),
  );
  for (const { path, stats } of programs) chmodSync(root + path, stats.mode & 0o1777);
  return programs.map(({ path }) => path);
}

/** No shipped package has it; an always kept file of another package counts. */
function belongsToNone({ entry }: Judged): boolean {
  return entry.owner.startsWith('made') || (entry.owner === 'excluded' && entry.type !== 'directory');
}

const danglingLinks: PruneRule = {
  id: 'dangling-links',
  what: 'links made while configuring, such as alternatives, that lead nowhere now',
  why: 'what they led to is not in the image',
  yields: false,
  removes: () => false,
};

function judge(
  staged: readonly FolderEntry[],
  stage: Stage,
  listed: ReadonlySet<string>,
  { spec, lock }: { spec: ImageSpec; lock: Lock },
  rules: readonly PruneRule[],
): Judged[] {
  const owners = ownersOf(stage.root);
  const locked = lock.packages.filter((it) => it.files === undefined).map((it) => it.name);
  const whole = new Set([...locked, ...(stage.own === undefined ? [] : [stage.own])]);
  const isShipped = (path: string) => owners.get(path)?.some((name) => whole.has(name)) ?? false;
  const ownerOf = (path: string): StagedEntry['owner'] => {
    if (listed.has(path)) return 'listed';
    if (isShipped(path)) return 'shipped';
    if (owners.has(path)) return 'excluded';
    return stage.madeByBase.has(path) ? 'made-by-base' : 'made';
  };
  const kept = anyGlob(spec.minimize.keep);
  return staged.map((it) => {
    const inShippedFolder = isShipped(it.path.slice(0, it.path.lastIndexOf('/')));
    const owner = ownerOf(it.path);
    const isKey = owner === 'shipped' && beginsWithKey(stage.root, it);
    const entry: StagedEntry = { path: it.path, type: typeOf(it), owner, inShippedFolder, isKey };
    if (entry.owner === 'listed' || isAlwaysKept(it.path)) return { ...it, entry };
    const keep = kept(it.path);
    return { ...it, entry, rule: rules.find((rule) => !(keep && rule.yields) && rule.removes(entry)) };
  });
}

/** PEM (RFC 7468), OpenSSH's own, or a store of Java's; larger files are programs or data with a key somewhere in it. */
function beginsWithKey(root: string, { path, stats }: FolderEntry): boolean {
  if (!stats.isFile() || stats.size < 64 || stats.size > LARGEST_KEY) return false;
  const head = readRange(root + path, 0, 64);
  if (head[0] === DER_SEQUENCE) return isKeyStore(readRange(root + path, 0, stats.size));
  return isKeyStore(head) || /^\s*-----BEGIN [A-Z0-9 ]*PRIVATE KEY/.test(head.toString('latin1'));
}

function typeOf({ stats }: FolderEntry): StagedEntry['type'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : 'other';
}

/** Files that the lock lists of packages that do not ship whole, with those packages' copyright files; laid where missing. */
async function layListedFiles(root: string, lock: Lock, source: Pick<PackageSource, 'open'>): Promise<Set<string>> {
  const listed = new Set<string>();
  for (const it of lock.packages) {
    if (it.files === undefined || it.files.length === 0) continue;
    const files = [...it.files, `/usr/share/doc/${it.name}/copyright`];
    for (const path of files) listed.add(path);
    if (files.some((path) => !lstatSync(root + path, { throwIfNoEntry: false })))
      await layMissing(root, it, files, source);
  }
  return listed;
}

async function layMissing(
  root: string,
  locked: LockedPackage,
  files: readonly string[],
  source: Pick<PackageSource, 'open'>,
): Promise<void> {
  const { data } = await source.open(locked);
  const folders = new Set(['']);
  for (const path of files) {
    const entry = data.lookup(path);
    if (entry && !lstatSync(root + path, { throwIfNoEntry: false })) layEntry(data, entry, root, folders);
  }
}

/** Removes links made while configuring whose end is not in the tree, until none is left; gives their paths. */
function removeDangling(root: string, left: readonly Judged[], remove: (it: Judged) => void): Set<string> {
  const tree = folderTree(root);
  const gone = new Set<string>();
  const links = left.filter((it) => it.entry.type === 'symlink' && it.entry.owner.startsWith('made'));
  const leadsNowhere = (it: Judged) =>
    !gone.has(it.path) &&
    !isAlwaysKept(it.path) &&
    !/^\/(?:proc|run|dev|sys)\//.test(it.target ?? '') &&
    !tree.resolve(it.path);
  for (let found = links.filter(leadsNowhere); found.length > 0; found = links.filter(leadsNowhere)) {
    for (const it of found) {
      remove(it);
      gone.add(it.path);
    }
  }
  return gone;
}

/** Removes, from the bottom up, directories that a rule takes or that only held what is gone. */
function removeEmptyFolders(root: string, judged: readonly Judged[]): void {
  for (const it of judged.toReversed()) {
    if (it.entry.type !== 'directory' || isAlwaysKept(it.path)) continue;
    if (!it.rule && it.entry.owner !== 'excluded') continue;
    try {
      rmdirSync(root + it.path);
    } catch (error) {
      if (!['ENOTEMPTY', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
}

/** Count and bytes of what is no directory; a file with several names counts its bytes once. */
export function amountOf(entries: readonly FolderEntry[]): Amount {
  const amount = { files: 0, bytes: 0 };
  const seen = new Set<number>();
  for (const it of entries) {
    if (it.stats.isDirectory()) continue;
    if (it.stats.nlink > 1 && seen.has(it.stats.ino)) amount.files += 1;
    else add(amount, it);
    seen.add(it.stats.ino);
  }
  return amount;
}

function add(amount: { files: number; bytes: number }, { stats }: FolderEntry): void {
  amount.files += 1;
  amount.bytes += stats.isFile() ? stats.size : 0;
}
