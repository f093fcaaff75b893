import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';

/** Something in a folder that is a root; `path` is absolute in it. */
export interface FolderEntry {
  readonly path: string;
  readonly stats: Stats;
  /** Text of a symbolic link. */
  readonly target?: string;
}

/** All that lies in a root's folder, but the root itself, sorted by path, parents first. No link is followed. */
export function walkFolder(root: string): FolderEntry[] {
  const found: FolderEntry[] = [];
  const visit = (directory: string) => {
    for (const name of readdirSync(root + directory)) {
      const path = `${directory}/${name}`;
      const stats = lstatSync(root + path);
      found.push({ path, stats, ...(stats.isSymbolicLink() ? { target: readlinkSync(root + path) } : {}) });
      if (stats.isDirectory()) visit(path);
    }
  };
  visit('');
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}
