import type { FileEntry, FileTree } from '../../model/file-tree.ts';
import { isImplied, mapStore, parentPath, treeOver } from './tree-store.ts';
import { MERGED_NAMES } from './usr-merge.ts';

interface Layered {
  readonly entry: FileEntry;
  readonly tree: FileTree;
  /** Path by which `tree` knows the entry. */
  readonly path: string;
}

/**
 * Trees put over one another: of two files at one path the later tree's is taken, directories merge, and a symbolic link to a
 * directory stays where another tree has the directory itself, as dpkg leaves it. `/bin` → `usr/bin` and its kind are
 * added where `/usr` has the directory.
 */
export function unionTree(trees: readonly FileTree[]): FileTree {
  const layered = new Map<string, Layered>();
  const links: string[] = [];
  for (const tree of trees) {
    for (const entry of tree.entries()) lay(layered, { entry, tree, path: entry.path }, links);
  }
  for (const link of links) moveBelow(layered, link);
  for (const entry of mergeLinks(layered)) layered.set(entry.path, { entry, tree: trees[0]!, path: entry.path });
  return treeOver(
    mapStore(
      layered.values().map(({ entry }) => entry),
      (entry, start, length) => {
        const { tree, path } = layered.get(entry.path)!;
        return tree.read(path, { start, length });
      },
    ),
  );
}

function lay(layered: Map<string, Layered>, next: Layered, links: string[]): void {
  const before = layered.get(next.entry.path);
  const types = [before?.entry.type, next.entry.type];
  if (before && types.includes('symlink') && types.includes('directory')) {
    links.push(next.entry.path);
    if (next.entry.type === 'directory') return;
  }
  if (before && isImplied(next.entry)) return;
  layered.set(next.entry.path, next);
}

/** Moves what is stored below a link to where the link leads. */
function moveBelow(layered: Map<string, Layered>, link: string): void {
  const target = layered.get(link)?.entry.target ?? '';
  const destination = joinPath(target.startsWith('/') ? '/' : parentPath(link), target);
  for (const [path, item] of [...layered]) {
    if (!path.startsWith(`${link}/`)) continue;
    layered.delete(path);
    const moved = destination + path.slice(link.length);
    if (!layered.has(moved)) layered.set(moved, { ...item, entry: { ...item.entry, path: moved } });
  }
}

function joinPath(base: string, relative: string): string {
  const path: string[] = base.split('/').filter(Boolean);
  for (const part of relative.split('/')) {
    if (part === '..') path.pop();
    else if (part !== '' && part !== '.') path.push(part);
  }
  return `/${path.join('/')}`;
}

function mergeLinks(layered: ReadonlyMap<string, Layered>): FileEntry[] {
  return MERGED_NAMES.filter(
    (name) => layered.get(`/usr/${name}`)?.entry.type === 'directory' && !layered.has(`/${name}`),
  ).map((name) => ({ path: `/${name}`, type: 'symlink', mode: 0o777, uid: 0, gid: 0, size: 0, target: `usr/${name}` }));
}
