import type { FileTree } from '../../model/file-tree.ts';

/** Text of a file of the tree, undefined where `path` leads to none. */
export function readText(tree: FileTree, path: string): string | undefined {
  return tree.resolve(path)?.type === 'file' ? tree.read(path).toString('utf8') : undefined;
}

/** Lines of a configuration file with their numbers, without comments (`#`, or what `comment` says) and empty ones. */
export function* settingLines(text: string, comment = /^\s*[#;]/): Generator<{ line: number; text: string }> {
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() !== '' && !comment.test(line)) yield { line: index + 1, text: line.trim() };
  }
}

/** Absolute paths of the files in the first of `directories` that has each name, sorted by name (drop-in folders of systemd and its kin). */
export function dropIns(tree: FileTree, directories: readonly string[], suffix: string): string[] {
  const found = new Map<string, string>();
  for (const directory of directories) {
    for (const name of tree.list(directory)) {
      if (name.endsWith(suffix) && !found.has(name)) found.set(name, `${directory}/${name}`);
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}
