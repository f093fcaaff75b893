import { chmodSync, chownSync, lchownSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { isMergeLink } from '../../formats/tree/usr-merge.ts';
import { KilnError } from '../../model/error.ts';
import type { FileEntry, FileTree } from '../../model/file-tree.ts';

/**
 * Lays a tree's files over the folder of a root, with owners and modes. Parents that are missing are made; a link among them
 * that is in the folder already is refused with REFUSED, so nothing is written through one.
 */
export function unpackTree(tree: FileTree, root: string): void {
  const folders = new Set<string>(['']);
  for (const entry of tree.entries()) layEntry(tree, entry, root, folders);
}

/** Lays one entry of a tree; `folders` remembers paths known to be directories. */
export function layEntry(tree: Pick<FileTree, 'read'>, entry: FileEntry, root: string, folders: Set<string>): void {
  makeFolders(root, entry.path.slice(0, entry.path.lastIndexOf('/')), folders);
  const place = root + entry.path;
  const there = lstatSync(place, { throwIfNoEntry: false });
  if (there && isMergeLink(entry.path, entry.target ?? '')) return;
  if (entry.type === 'directory') {
    if (there?.isDirectory() || there?.isSymbolicLink()) return;
    mkdirSync(place);
    folders.add(entry.path);
  } else {
    if (there) rmSync(place, { recursive: true });
    if (entry.type === 'symlink') symlinkSync(entry.target ?? '', place);
    else if (entry.type === 'file') writeFileSync(place, tree.read(entry.path), { flag: 'wx' });
    else return;
  }
  if (entry.type === 'symlink') lchownSync(place, entry.uid, entry.gid);
  else {
    chownSync(place, entry.uid, entry.gid);
    chmodSync(place, entry.mode);
  }
}

/** Removes what is at a path of a root, whatever it is; parents are not followed through links, so nothing outside is touched. */
export function removeAt(root: string, path: string): void {
  for (let at = path.indexOf('/', 1); at > 0; at = path.indexOf('/', at + 1)) {
    if (!lstatSync(root + path.slice(0, at), { throwIfNoEntry: false })?.isDirectory()) return;
  }
  rmSync(root + path, { recursive: true, force: true });
}

/** Makes the directory and its parents where missing, 0755 root:root, going down from the top without following a link. */
export function makeFolders(root: string, path: string, folders: Set<string>): void {
  if (folders.has(path)) return;
  makeFolders(root, path.slice(0, path.lastIndexOf('/')), folders);
  const stats = lstatSync(root + path, { throwIfNoEntry: false });
  if (!stats) mkdirSync(root + path, { mode: 0o755 });
  else if (!stats.isDirectory()) {
    throw new KilnError('REFUSED', `${path} is in the way: no directory, and something lies below it`, {
      hint: 'a link among the parents of a file would lead it elsewhere',
    });
  }
  folders.add(path);
}
