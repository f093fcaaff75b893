import type { FileEntry, FileTree } from '../../model/file-tree.ts';
import { mapStore, treeOver } from '../tree/tree-store.ts';
import { unionTree } from '../tree/union-tree.ts';
import { mergedPath } from '../tree/usr-merge.ts';

/** A path at which dpkg lays the files of all packages but one elsewhere (dpkg-divert(1)). Absolute and usr-merged. */
export interface Diversion {
  readonly from: string;
  readonly to: string;
}

/** Diversions that a maintainer script adds, as far as their paths are literal. */
export function diversionsIn(script: string): Diversion[] {
  const lines = script.replace(/\\\n/g, ' ').split('\n');
  const commands = lines.flatMap((line) => [...line.matchAll(/\bdpkg-divert\b([^;|&\n]*)/g)].map((it) => it[1]!));
  return commands.flatMap((words): Diversion[] => {
    const from = / (\/[\w.+/-]+)\s*["']?\s*$/.exec(words)?.[1];
    if (from === undefined || /--(remove|list|truename|listpackage)\b/.test(words)) return [];
    const to = /--divert[\s=]+["']?(\/[\w.+/-]+)/.exec(words)?.[1] ?? `${from}.distrib`;
    return [{ from: mergedPath(from), to: mergedPath(to) }];
  });
}

/** A package's files, those that others divert at the place where dpkg lays them as well as at their own. */
export function withDiverted(tree: FileTree, diversions: readonly Diversion[]): FileTree {
  const moved = diversions.flatMap(({ from, to }): { entry: FileEntry; from: string }[] => {
    const entry = tree.lookup(from);
    return entry && entry.type !== 'directory' ? [{ entry: { ...entry, path: to }, from }] : [];
  });
  if (moved.length === 0) return tree;
  const places = new Map(moved.map(({ entry, from }) => [entry.path, from]));
  const entries = moved.map(({ entry }) => entry);
  const aside = treeOver(
    mapStore(entries, ({ path }, start, length) => tree.read(places.get(path)!, { start, length })),
  );
  return unionTree([tree, aside]);
}
