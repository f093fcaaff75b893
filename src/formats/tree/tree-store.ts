import type { FileEntry, FileTree } from '../../model/file-tree.ts';
import { mergedPath } from './usr-merge.ts';

/** What a tree must be able to do by itself; `treeOver` adds the rules of symbolic links. */
export interface TreeStore {
  /**
   * The entry stored at a normalised path. Without `exact` it is asked only for paths whose parents are directories, from the
   * top down, so that a store over a real folder never follows a link.
   */
  get(path: string): FileEntry | undefined;
  /** Names in the directory at a normalised path, in any order. */
  names(directory: string): Iterable<string>;
  /** Every entry but the root, sorted by path. */
  entries(): Iterable<FileEntry>;
  /** Bytes of a regular file's entry; the range lies inside the file. */
  bytes(entry: FileEntry, start: number, length: number): Buffer;
  /** No entry is stored below a symbolic link, so a hit needs no walk. */
  readonly exact: boolean;
}

/** As many links in one path as Linux follows before it answers ELOOP. */
const MAX_LINKS = 40;

export const ROOT: FileEntry = { path: '/', type: 'directory', mode: 0o755, uid: 0, gid: 0, size: 0 };

/** A tree over a store: `lookup`, `resolve`, `list` and `read` as FileTree states them, links never leading above `/`. */
export function treeOver(store: TreeStore): FileTree {
  const lookup = (path: string) => find(store, path, false);
  const resolve = (path: string) => find(store, path, true);
  return {
    entries: () => store.entries(),
    lookup,
    resolve,
    list(path) {
      const directory = resolve(path);
      return directory?.type === 'directory' ? [...store.names(directory.path)].sort() : [];
    },
    read(path, range) {
      const file = resolve(path);
      if (file?.type !== 'file') throw new Error(`${path} is not a file of this tree`);
      const start = Math.min(range?.start ?? 0, file.size);
      return store.bytes(file, start, Math.min(range?.length ?? file.size, file.size - start));
    },
  };
}

function find(store: TreeStore, path: string, followLast: boolean): FileEntry | undefined {
  if (store.exact) {
    const hit = store.get(path) ?? store.get(mergedPath(path));
    if (hit && !(followLast && hit.type === 'symlink')) return hit;
  }
  return walk(store, path, followLast);
}

function walk(store: TreeStore, path: string, followLast: boolean): FileEntry | undefined {
  const ahead = parts(path).reverse();
  let here = store.get('/') ?? ROOT;
  let links = 0;
  while (ahead.length > 0) {
    if (here.type !== 'directory') return undefined;
    const name = ahead.pop() as string;
    const next = name === '..' ? parentOf(store, here) : child(store, here.path, name);
    if (!next) return undefined;
    if (next.type !== 'symlink' || (ahead.length === 0 && !followLast)) {
      here = next;
      continue;
    }
    if (++links > MAX_LINKS) return undefined;
    const target = next.target ?? '';
    ahead.push(...parts(target).reverse());
    if (target.startsWith('/')) here = store.get('/') ?? ROOT;
  }
  return here;
}

function child(store: TreeStore, directory: string, name: string): FileEntry | undefined {
  const path = directory === '/' ? `/${name}` : `${directory}/${name}`;
  const entry = store.get(path);
  if (entry || directory !== '/') return entry;
  // A package's own tree has no /bin link: the alias holds there all the same. `usr` itself is a directory in any such tree.
  const merged = mergedPath(path);
  return merged === path ? undefined : store.get(merged);
}

function parentOf(store: TreeStore, entry: FileEntry): FileEntry {
  return store.get(parentPath(entry.path)) ?? ROOT;
}

function parts(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

/** The directory of an absolute normalised path; `/` is its own. */
export function parentPath(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 1));
}

/** A store over entries in memory, which it completes with the directories that none of them states. */
export function mapStore(given: Iterable<FileEntry>, bytes: TreeStore['bytes']): TreeStore {
  const entries = new Map<string, FileEntry>();
  for (const entry of given) entries.set(entry.path, entry);
  for (const path of [...entries.keys()]) addParents(entries, path);
  const root = entries.get('/') ?? ROOT;
  entries.delete('/');
  const sorted = [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  let children: Map<string, string[]> | undefined;
  return {
    exact: true,
    get: (path) => (path === '/' ? root : entries.get(path)),
    names(directory) {
      children ??= childrenOf(sorted);
      return children.get(directory) ?? [];
    },
    entries: () => sorted,
    bytes,
  };
}

const implied = new WeakSet<FileEntry>();

/** Whether nobody stated the directory: it was added because something lies below it, and its attributes are a guess. */
export function isImplied(entry: FileEntry): boolean {
  return implied.has(entry);
}

function addParents(entries: Map<string, FileEntry>, path: string): void {
  for (let parent = parentPath(path); parent !== '/' && !entries.has(parent); parent = parentPath(parent)) {
    const directory: FileEntry = { ...ROOT, path: parent };
    implied.add(directory);
    entries.set(parent, directory);
  }
}

function childrenOf(sorted: readonly FileEntry[]): Map<string, string[]> {
  const children = new Map<string, string[]>();
  for (const { path } of sorted) {
    const parent = parentPath(path);
    const name = path.slice(parent === '/' ? 1 : parent.length + 1);
    const names = children.get(parent);
    if (names) names.push(name);
    else children.set(parent, [name]);
  }
  return children;
}
