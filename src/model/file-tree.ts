/** A read-only tree of files: the contents of packages put together, or a baked root. */

export type FileType = 'file' | 'directory' | 'symlink' | 'character' | 'block' | 'fifo';

export interface FileEntry {
  /** Absolute, normalised, without `/bin`-style aliases: `/usr/bin/sh`, never `/bin/sh`. */
  readonly path: string;
  readonly type: FileType;
  /** Permission bits with set-id and sticky, 0–0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes; 0 for all but regular files. */
  readonly size: number;
  /** Text of a symbolic link. */
  readonly target?: string;
  /** Name of the package that ships it, where one does. */
  readonly package?: string;
  /** Extended attributes by name, such as `security.capability`, where it has any. */
  readonly xattrs?: ReadonlyMap<string, Buffer>;
}

export interface FileTree {
  /** Every entry, sorted by path. */
  entries(): Iterable<FileEntry>;
  /** The entry at `path` itself; a final symbolic link is not followed, links among its parents are. */
  lookup(path: string): FileEntry | undefined;
  /** The entry that `path` leads to when every symbolic link is followed inside the tree; loops give undefined. */
  resolve(path: string): FileEntry | undefined;
  /** Names in a directory (symbolic links followed), sorted; [] where there is none. */
  list(path: string): string[];
  /** Bytes of the regular file that `path` leads to, all or `[start, start + length)`. Throws `Error` if there is none. */
  read(path: string, range?: { start: number; length: number }): Buffer;
}
