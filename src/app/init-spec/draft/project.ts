import { readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { isElf } from '../../../formats/elf/elf.ts';
import { readRange } from '../../../formats/tree/folder-tree.ts';

/** A folder with an application, as far as it is looked at to draft a spec. Paths are relative to it, with `/`. */
export interface Project {
  readonly folder: string;
  /** Regular files and links to them, sorted; without what others wrote (dependencies), version control and caches. */
  readonly files: readonly string[];
  /** Folders into which packages of a language were put, such as `vendor` or `venv/lib/python3.11/site-packages`. */
  readonly moduleFolders: readonly string[];
  /** Whether there is a file or folder, wherever. */
  has(path: string): boolean;
  /** Text of a file; undefined where there is none, or one of more than 1 MiB. */
  text(path: string): string | undefined;
  /** Names in a folder. */
  list(path: string): string[];
}

const TEXT_LIMIT = 2 ** 20;
const MOST_FILES = 5_000;
const MOST_DEPTH = 8;
const SKIPPED = new Set(
  `node_modules bower_components __pycache__ site-packages dist-packages venv env virtualenv tests test spec __tests__ CMakeFiles
  coverage`.split(/\s+/),
);

/** Looks a folder through. */
export function readProject(folder: string): Project {
  const files: string[] = [];
  const moduleFolders: string[] = [];
  const visit = (at: string, depth: number): void => {
    const entries = entriesOf(join(folder, at));
    if (entries.some((it) => /\.dist-info$/.test(it.name))) moduleFolders.push(at);
    const isForeign = moduleFolders.some((it) => it !== '' && (at === it || at.startsWith(`${it}/`)));
    for (const entry of entries) {
      const path = at === '' ? entry.name : `${at}/${entry.name}`;
      if (entry.isDirectory()) {
        if (depth < MOST_DEPTH && !isForeign && mayHoldModules(entry.name)) visit(path, depth + 1);
      } else if (!isForeign && files.length < MOST_FILES && !isBelowSkipped(path) && isFile(join(folder, path)))
        files.push(path);
    }
  };
  visit('', 0);
  return {
    folder,
    files: files.sort((a, b) => depthOf(a) - depthOf(b) || (a < b ? -1 : 1)),
    moduleFolders: moduleFolders.sort(),
    has: (path) => statsOf(join(folder, path)) !== undefined,
    text: (path) => textOf(join(folder, path)),
    list: (path) => entriesOf(join(folder, path)).map((it) => it.name),
  };
}

/** Whether a file begins as a program or library of this kind of system does. */
export function isBinaryFile({ folder }: Project, path: string): boolean {
  return isElf(readRange(join(folder, path), 0, 64));
}

/** Whether somebody may execute a file. */
export function isExecutableFile({ folder }: Project, path: string): boolean {
  return (statSync(join(folder, path)).mode & 0o111) !== 0;
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return [];
  }
}

// Packages of Python lie in folders that are skipped otherwise; those of Node are found by their name.
function mayHoldModules(name: string): boolean {
  return (!name.startsWith('.') || name === '.venv') && !/^(node_modules|bower_components|__pycache__)$/.test(name);
}

function isBelowSkipped(path: string): boolean {
  const folders = path.split('/').slice(0, -1);
  return folders.some((it) => SKIPPED.has(it) || it.startsWith('.'));
}

function isFile(path: string): boolean {
  return statsOf(path)?.isFile() ?? false;
}

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // Below a file there is nothing, and a circle of links leads nowhere.
    return undefined;
  }
}

function depthOf(path: string): number {
  return path.split('/').length;
}

function textOf(path: string): string | undefined {
  const stats = statsOf(path);
  return stats?.isFile() && stats.size <= TEXT_LIMIT ? readFileSync(path, 'utf8') : undefined;
}
