import { posix } from 'node:path';
import type { ElfFacts } from '../../formats/elf/elf.ts';
import { defaultLibraryDirectories } from '../../formats/elf/loader-configuration.ts';
import type { FileTree } from '../../model/file-tree.ts';
import { elfOf } from '../read/elf.ts';
import { readLoaderCache } from './loader-cache.ts';

/** An ELF file of a tree. */
export interface ElfFile {
  readonly path: string;
  readonly facts: ElfFacts;
}

export interface LibrarySearch {
  /** The library that ld.so would load for `soname` on behalf of `by`; `inherited` is the RPATH of those that loaded it. */
  find(soname: string, by: ElfFile, inherited: readonly string[]): ElfFile | undefined;
}

/** ld.so's search in a tree: RPATH or RUNPATH, /etc/ld.so.cache, the default folders; other machines' libraries are passed over. */
export function librarySearch(tree: FileTree): LibrarySearch {
  const cached = readLoaderCache(tree);
  const open = (path: string, like: ElfFacts): ElfFile | undefined => {
    const entry = tree.resolve(path);
    const facts = entry?.type === 'file' ? elfOf(tree, entry.path) : undefined;
    return entry && facts && facts.machine === like.machine && facts.bits === like.bits
      ? { path: entry.path, facts }
      : undefined;
  };
  const first = (paths: readonly string[], like: ElfFacts) => {
    for (const path of paths) {
      const found = open(path, like);
      if (found) return found;
    }
    return undefined;
  };
  return {
    find(soname, by, inherited) {
      if (soname.includes('/')) return open(posix.resolve('/', soname), by.facts);
      const stated = by.facts.runpath.length > 0 ? by.facts.runpath : [...by.facts.rpath, ...inherited];
      const folders = stated.map((folder) => expand(folder, by));
      const paths = [...folders, ...defaultFolders(by.facts)].map((folder) => `${folder}/${soname}`);
      paths.splice(folders.length, 0, ...(cached.get(soname) ?? []));
      return first(paths, by.facts);
    },
  };
}

/** Folders that ld.so searches without being told. */
export function defaultFolders({ machine, bits }: ElfFacts): string[] {
  return defaultLibraryDirectories(machine, bits);
}

function expand(folder: string, { path, facts }: ElfFile): string {
  const origin = posix.dirname(path);
  return folder
    .replaceAll(/\$(ORIGIN|\{ORIGIN\})/g, () => origin)
    .replaceAll(/\$(LIB|\{LIB\})/g, () => defaultFolders(facts)[0]!.slice('/usr/'.length));
}
