/** Something in a staged root, and whose it is. */
export interface StagedEntry {
  /** Absolute, usr-merged. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
  /**
   * `shipped`: of a package that ships whole; `listed`: of a file that the lock lists; `excluded`: of other packages;
   * `made`: of none, made while configuring; `made-by-base`: the same, before the first package of the image came.
   */
  readonly owner: 'shipped' | 'listed' | 'excluded' | 'made' | 'made-by-base';
  /** A shipped package has the directory that it lies in. */
  readonly inShippedFolder: boolean;
  /** It is a private key and nothing else. */
  readonly isKey?: boolean;
}

/** One stated reason for which something that was staged is not in the image; leaving the rule out brings it back. */
export interface PruneRule {
  readonly id: string;
  readonly what: string;
  readonly why: string;
  /** `minimize.keep` stands above it. */
  readonly yields: boolean;
  removes(entry: StagedEntry): boolean;
}

/** A test for what lies below any of the folders. */
export const below = (...folders: string[]) => {
  const prefixes = folders.map((folder) => `${folder}/`);
  return (path: string) => prefixes.some((prefix) => path.startsWith(prefix));
};

/** Debian's folder of libraries for the one architecture. */
export const LIBRARIES = '/usr/lib/x86_64-linux-gnu';
