import type { Stats } from 'node:fs';
import type { FileType } from '../../model/file-tree.ts';

/** What a path of this machine is; undefined for a socket. */
export function fileTypeOf(stats: Stats): FileType | undefined {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isFIFO()) return 'fifo';
  if (stats.isCharacterDevice()) return 'character';
  return stats.isBlockDevice() ? 'block' : undefined;
}
