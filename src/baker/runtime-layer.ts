import type { FileEntry } from '../model/file-tree.ts';
import { layEntry } from './tree/unpack-tree.ts';
import type { RuntimeFile } from './types.ts';

/** Lays files of Kiln's own over a root. A directory that is there already keeps its owner and mode. */
export function layRuntimeFiles(root: string, files: readonly RuntimeFile[]): void {
  const folders = new Set(['']);
  for (const { content, ...file } of files) {
    const type = file.target !== undefined ? 'symlink' : content !== undefined ? 'file' : 'directory';
    const entry: FileEntry = { ...file, type, size: content?.length ?? 0 };
    layEntry({ read: () => content ?? Buffer.alloc(0) }, entry, root, folders);
  }
}
