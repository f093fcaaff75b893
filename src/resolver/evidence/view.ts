import { type ElfFacts, elfFacts, isElf } from '../../formats/elf/elf.ts';
import { elfTexts } from '../../formats/elf/elf-texts.ts';
import { memoise } from '../../formats/memoise.ts';
import { unionTree } from '../../formats/tree/union-tree.ts';
import { isMergeLink, mergedPath } from '../../formats/tree/usr-merge.ts';
import type { FileEntry, FileTree } from '../../model/file-tree.ts';
import type { Alternative } from './alternatives.ts';
import { baseName, directoryOf, joinPath } from './path.ts';

/** What a path leads to, with the symbolic links on the way there. */
export interface Trace {
  readonly entry: FileEntry;
  readonly links: readonly FileEntry[];
}

/** What rules may look at: everything that is in or may be brought back. */
export interface View {
  /** The entry a path leads to, in the tree or else among the candidates. */
  trace(path: string): Trace | undefined;
  /** Whether the entry itself, links not followed, is in for sure or made while configuring. */
  has(path: string): boolean;
  /** Whether a path leads to something that is in for sure, links included. */
  isIn(path: string): boolean;
  /** Names in a directory. */
  list(path: string): string[];
  /** Text of a regular file; undefined for absent, binary and huge ones. */
  text(path: string): string | undefined;
  /** First bytes of a regular file. */
  head(path: string): Buffer;
  elf(path: string): ElfFacts | undefined;
  /** Texts in the data of an ELF file. */
  elfTexts(path: string): readonly string[];
  /** Regular files that a package ships. */
  filesOf(packageName: string): readonly FileEntry[];
  /** Paths of regular files and links by their last name, those that are in only. */
  named(name: string): readonly string[];
}

/** Largest text that is read for what it says: 4 MiB. */
const TEXT_LIMIT = 4 * 2 ** 20;
const MAX_LINKS = 40;

/** Looks at two trees as one; where both have a path the tree's own counts. */
export function makeView(tree: FileTree, candidates: FileTree, alternatives: readonly Alternative[]): View {
  const union = unionTree([candidates, tree]);
  const byLink = linksOf(alternatives, union);
  const trace = memoise((path: string) => follow(path, (place) => union.lookup(place) ?? byLink.get(place)));
  const file = (path: string) => {
    const entry = trace(path)?.entry;
    return entry?.type === 'file' ? entry : undefined;
  };
  const has = (path: string) => tree.lookup(path)?.path === path || (byLink.has(path) && !union.lookup(path));
  const head = memoise((path: string) =>
    file(path) ? union.read(file(path)!.path, { start: 0, length: 256 }) : Buffer.alloc(0),
  );
  const bytes = lastOnly((path: string) => union.read(file(path)!.path));
  const packages = lazy(() => Map.groupBy(filesIn(union), (entry) => entry.package ?? ''));
  const names = lazy(() => Map.groupBy(filesIn(tree), (entry) => baseName(entry.path)));
  return {
    trace,
    has,
    isIn: (path) => {
      const found = trace(path);
      return found !== undefined && [found.entry, ...found.links].every((entry) => has(entry.path));
    },
    list: (path) => union.list(trace(path)?.entry.path ?? path),
    head,
    text: memoise((path: string) => {
      const entry = file(path);
      if (!entry || entry.size > TEXT_LIMIT || head(path).includes(0)) return undefined;
      return bytes(path).toString('utf8');
    }),
    elf: memoise((path: string) => (isElf(head(path)) ? elfFacts(bytes(path)) : undefined)),
    elfTexts: memoise((path: string) => (isElf(head(path)) ? elfTexts(bytes(path)) : [])),
    filesOf: (name) => packages().get(name) ?? [],
    named: (name) => (names().get(name) ?? []).map((entry) => entry.path),
  };
}

function filesIn(tree: FileTree): FileEntry[] {
  return [...tree.entries()].filter((entry) => entry.type === 'file' || entry.type === 'symlink');
}

/** Links of update-alternatives that are not there yet: to the best program that is in the trees. */
function linksOf(alternatives: readonly Alternative[], union: FileTree): Map<string, FileEntry> {
  const links = new Map<string, FileEntry>();
  const best = alternatives.filter(({ path }) => union.resolve(path)).toSorted((a, b) => a.priority - b.priority);
  for (const { link, path, package: owner } of best) {
    links.set(link, {
      path: link,
      type: 'symlink',
      mode: 0o777,
      uid: 0,
      gid: 0,
      size: 0,
      target: path,
      package: owner,
    });
  }
  return links;
}

function follow(path: string, lookup: (path: string) => FileEntry | undefined): Trace | undefined {
  const links: FileEntry[] = [];
  let here = path;
  for (;;) {
    const entry = lookup(here);
    if (!entry) return undefined;
    if (entry.path !== mergedPath(here)) links.push(...linksAmongParents(here, lookup));
    if (entry.type !== 'symlink') return { entry, links };
    if (links.push(entry) > MAX_LINKS) return undefined;
    here = joinPath(directoryOf(entry.path), entry.target ?? '');
  }
}

/** Links to folders on the way to a path; those of the merged layout are always there. */
function linksAmongParents(path: string, lookup: (path: string) => FileEntry | undefined): FileEntry[] {
  const links: FileEntry[] = [];
  for (let parent = directoryOf(path); parent !== '/'; parent = directoryOf(parent)) {
    const entry = lookup(parent);
    if (entry?.type === 'symlink' && !isMergeLink(entry.path, entry.target ?? '')) links.push(entry);
  }
  return links.reverse();
}

/** Remembers one answer: a file's facts and its texts are asked for together, and libraries are large. */
function lastOnly<T>(compute: (key: string) => T): (key: string) => T {
  let last: { key: string; value: T } | undefined;
  return (key) => {
    if (last?.key !== key) last = { key, value: compute(key) };
    return last.value;
  };
}

function lazy<T>(compute: () => T): () => T {
  let value: T | undefined;
  return () => (value ??= compute());
}
