import type { FileTree } from '../../model/file-tree.ts';
import type { Lock } from '../../model/lock.ts';

/** Packages that ship each path (directories left out), in the lock's order. A package taken in part owns only the files taken. */
export type Owners = ReadonlyMap<string, readonly string[]>;

/** Owners of the files of an image, from the packages' contents, or from the lock's file lists where contents are not at hand. */
export function readOwners(lock: Lock, contents: ReadonlyMap<string, FileTree> | undefined): Owners {
  const owners = new Map<string, string[]>();
  const add = (path: string, name: string) => {
    const known = owners.get(path);
    if (!known) owners.set(path, [name]);
    else if (!known.includes(name)) known.push(name);
  };
  for (const { name } of lock.packages) {
    for (const entry of contents?.get(name)?.entries() ?? []) if (entry.type !== 'directory') add(entry.path, name);
  }
  for (const { name, files } of lock.packages) for (const path of files ?? []) add(path, name);
  return owners;
}
