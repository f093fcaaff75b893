import type { FileEntry, FileTree, FileType } from '../../model/file-tree.ts';
import { mapStore, treeOver } from './tree-store.ts';
import { mergedPath } from './usr-merge.ts';

/** A file's text or bytes, or its attributes: `target` makes a symbolic link, neither `content` nor `target` a directory. */
export type MemoryFile =
  | string
  | Uint8Array
  | {
      readonly content?: string | Uint8Array;
      readonly target?: string;
      readonly type?: FileType;
      readonly mode?: number;
      readonly uid?: number;
      readonly gid?: number;
      readonly package?: string;
    };

/**
 * A tree of files given in memory, by absolute path. Missing parent directories are 0755 and root's; a file is 0644 unless its
 * mode is given; `options.package` is the package of every file that names none.
 */
export function memoryTree(files: Readonly<Record<string, MemoryFile>>, options: { package?: string } = {}): FileTree {
  const contents = new Map<string, Buffer>();
  const entries: FileEntry[] = [];
  for (const [given, file] of Object.entries(files)) {
    const entry = entryOf(given, file, options.package, contents);
    entries.push(entry);
  }
  return treeOver(
    mapStore(entries, (entry, start, length) => {
      const content = contents.get(entry.path);
      if (!content) throw new Error(`internal: ${entry.path} has no content`);
      return content.subarray(start, start + length);
    }),
  );
}

function entryOf(given: string, file: MemoryFile, owner: string | undefined, contents: Map<string, Buffer>): FileEntry {
  const attributes = typeof file === 'string' || file instanceof Uint8Array ? { content: file } : file;
  const { content, target } = attributes;
  const type = attributes.type ?? (target !== undefined ? 'symlink' : content !== undefined ? 'file' : 'directory');
  // A link such as /bin → usr/bin is an entry of its own; everything below it lies in /usr.
  const path = type === 'symlink' && given.lastIndexOf('/') === 0 ? given : mergedPath(given.replace(/(?<=.)\/$/, ''));
  const bytes = Buffer.from((content ?? '') as string);
  if (type === 'file') contents.set(path, bytes);
  return {
    path,
    type,
    mode:
      attributes.mode ??
      { file: 0o644, symlink: 0o777, directory: 0o755, character: 0o600, block: 0o600, fifo: 0o600 }[type],
    uid: attributes.uid ?? 0,
    gid: attributes.gid ?? 0,
    size: type === 'file' ? bytes.length : 0,
    ...(type === 'symlink' ? { target: target ?? '' } : {}),
    ...((attributes.package ?? owner) ? { package: attributes.package ?? owner } : {}),
  };
}
