import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, type Stats } from 'node:fs';
import type { FileEntry, FileTree } from '../../model/file-tree.ts';
import { fileTypeOf } from './file-type.ts';
import { type TreeStore, treeOver } from './tree-store.ts';
import { MERGED_NAMES } from './usr-merge.ts';

/**
 * A folder of this machine as the root of a tree, read when asked. Links are followed inside it only, by their text; sockets
 * are left out. Top-level `/bin` and its kind are read as `/usr/bin` where they are not links (and
 * there is a `/usr`).
 */
export function folderTree(folder: string): FileTree {
  const unmerged = MERGED_NAMES.filter((name) => statOf(`${folder}/${name}`)?.isDirectory());
  const store: TreeStore = {
    exact: false,
    get: (path) => {
      if (unmerged.some((name) => path === `/${name}`)) return undefined;
      for (const place of places(path, unmerged)) {
        const stats = statOf(folder + place);
        if (stats) return entryOf(path, stats, folder + place);
      }
      return undefined;
    },
    names: (directory) => {
      const own = places(directory, unmerged).flatMap((place) => namesIn(folder + place));
      if (directory === '/usr') return new Set([...own, ...unmerged]);
      return new Set(directory === '/' ? own.filter((name) => !unmerged.some((it) => it === name)) : own);
    },
    entries: () => walk(store, '/').sort((a, b) => (a.path < b.path ? -1 : 1)),
    bytes(entry, start, length) {
      const place = places(entry.path, unmerged).find((candidate) => statOf(folder + candidate)?.isFile());
      return readRange(folder + (place ?? entry.path), start, length);
    },
  };
  return treeOver(store);
}

/** Where a path of the tree may lie in the folder. */
function places(path: string, unmerged: readonly string[]): string[] {
  const alias = unmerged.find((name) => path === `/usr/${name}` || path.startsWith(`/usr/${name}/`));
  return alias ? [path, path.slice('/usr'.length)] : [path];
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function namesIn(directory: string): string[] {
  return statOf(directory)?.isDirectory() ? readdirSync(directory) : [];
}

function walk(store: TreeStore, directory: string): FileEntry[] {
  return [...store.names(directory)].flatMap((name) => {
    const path = directory === '/' ? `/${name}` : `${directory}/${name}`;
    const entry = store.get(path);
    if (!entry) return [];
    return entry.type === 'directory' ? [entry, ...walk(store, path)] : [entry];
  });
}

function entryOf(path: string, stats: Stats, place: string): FileEntry | undefined {
  const type = fileTypeOf(stats);
  if (!type) return undefined;
  const common = { path, type, mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid };
  if (path === '/') return { ...common, size: 0 };
  if (type !== 'symlink') return { ...common, size: type === 'file' ? stats.size : 0 };
  return { ...common, mode: 0o777, size: 0, target: readlinkSync(place) };
}

/** Bytes `[start, start + length)` of a file on this machine. */
export function readRange(path: string, start: number, length: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const count = readSync(file, bytes, done, length - done, start + done);
      if (count === 0) break;
      done += count;
    }
    return bytes.subarray(0, done);
  } finally {
    closeSync(file);
  }
}
