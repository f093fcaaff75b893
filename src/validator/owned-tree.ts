import type { FileEntry, FileTree } from '../model/file-tree.ts';
import type { Lock } from '../model/lock.ts';
import { readOwners } from './read/owners.ts';

/**
 * A baked tree whose entries name the package that ships them. The tar of a root does not say; the evidence rules ask more of an
 * application of one's own than of what the distribution ships, and so they must know.
 */
export function ownedTree(tree: FileTree, lock: Lock, contents: ReadonlyMap<string, FileTree>): FileTree {
  const owners = readOwners(lock, contents);
  const owned = (entry: FileEntry): FileEntry => {
    const owner = entry.package ?? owners.get(entry.path)?.[0];
    return owner === undefined ? entry : { ...entry, package: owner };
  };
  const ownedIfAny = (entry: FileEntry | undefined) => entry && owned(entry);
  return {
    *entries() {
      for (const entry of tree.entries()) yield owned(entry);
    },
    lookup: (path) => ownedIfAny(tree.lookup(path)),
    resolve: (path) => ownedIfAny(tree.resolve(path)),
    list: (path) => tree.list(path),
    read: (path, range) => tree.read(path, range),
  };
}
