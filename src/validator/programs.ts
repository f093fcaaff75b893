import type { FileEntry, FileTree } from '../model/file-tree.ts';

/** Folders in which a command without a path is looked for, in this order. */
export const COMMAND_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin'];

/** The executable file that a path, or a command by name, leads to; undefined where there is none or nobody may execute it. */
export function findProgram(tree: FileTree, program: string): FileEntry | undefined {
  const places = program.startsWith('/') ? [program] : COMMAND_FOLDERS.map((folder) => `${folder}/${program}`);
  for (const place of places) {
    const entry = tree.resolve(place);
    if (entry?.type === 'file' && (entry.mode & 0o111) !== 0) return entry;
  }
  return undefined;
}
