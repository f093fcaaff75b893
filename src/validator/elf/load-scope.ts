import { posix } from 'node:path';
import type { ElfFile, LibrarySearch } from './library-search.ts';
import { defaultFolders } from './library-search.ts';

/** A library that ld.so would not find. */
export interface MissingLibrary {
  readonly soname: string;
  /** ELF file that asks for it. */
  readonly by: string;
}

/** What ld.so maps for one program: itself first, then its libraries, breadth first. */
export interface LoadScope {
  readonly objects: readonly ElfFile[];
  readonly missing: readonly MissingLibrary[];
}

/** Loads a program, or a library as dlopen(3) does, without running it. A soname that is loaded is not searched again. */
export function loadScope(root: ElfFile, search: LibrarySearch): LoadScope {
  const objects: ElfFile[] = [root];
  const loaded = new Set([root.facts.soname ?? posix.basename(root.path)]);
  const missing: MissingLibrary[] = [];
  // RPATH, unlike RUNPATH, also serves those that a library loads in turn.
  const inherited = new Map<string, readonly string[]>([[root.path, []]]);
  for (const by of objects) {
    const above = inherited.get(by.path) ?? [];
    for (const soname of by.facts.needed) {
      if (loaded.has(soname)) continue;
      loaded.add(soname);
      const found = search.find(soname, by, above);
      if (!found) missing.push({ soname, by: by.path });
      else if (!inherited.has(found.path)) {
        inherited.set(found.path, [
          ...by.facts.rpath.map((folder) => folder.replaceAll(/\$\{?ORIGIN\}?/g, posix.dirname(by.path))),
          ...above,
        ]);
        objects.push(found);
      }
    }
  }
  return { objects, missing };
}

/**
 * Whether a library lies in the private folder of the application that asks for it. Programs such as the Java launcher load one
 * of their libraries by path; others then find it by its soname, which is loaded already.
 */
export function isPrivateNeighbour(by: ElfFile, candidate: string): boolean {
  const folder = posix.dirname(by.path);
  const common = new Set([...defaultFolders(by.facts), '/usr/bin', '/usr/sbin', '/usr/libexec', '/usr', '/']);
  if (common.has(folder)) return false;
  const parent = posix.dirname(folder);
  return candidate.startsWith(`${common.has(parent) ? folder : parent}/`);
}
