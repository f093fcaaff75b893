import { closeSync, lutimesSync, openSync, readSync, unlinkSync } from 'node:fs';
import { folderTree } from '../../formats/tree/folder-tree.ts';
import { layEntry } from './unpack-tree.ts';
import { walkFolder } from './walk-folder.ts';

/** Makes a root the same whenever it is baked: what remembers the time or the day of the bake gets that of the lock, in seconds. */
export function normalise(root: string, sourceDateEpoch: number): void {
  normaliseShadow(root, sourceDateEpoch);
  dropDatedBytecode(root);
  for (const { path } of walkFolder(root)) lutimesSync(root + path, sourceDateEpoch, sourceDateEpoch);
  lutimesSync(root, sourceDateEpoch, sourceDateEpoch);
}

/**
 * Sets the day of each password's last change (shadow(5), field 3) to that of the time stamp, so that it does not depend
 * on the day of the bake.
 */
export function normaliseShadow(root: string, sourceDateEpoch: number): void {
  const tree = folderTree(root);
  const entry = tree.lookup('/etc/shadow');
  if (entry?.type !== 'file') return;
  const day = String(Math.floor(sourceDateEpoch / 86_400));
  const text = tree
    .read('/etc/shadow')
    .toString('utf8')
    .replace(/^([^:\n]*:[^:\n]*:)\d+:/gm, `$1${day}:`);
  layEntry({ read: () => Buffer.from(text) }, entry, root, new Set(['']));
}

/**
 * Removes Python bytecode that is valid for a source's time stamp (PEP 552: no flags), as all time stamps change: it would
 * be stale. Nearly all is compiled with SOURCE_DATE_EPOCH set, is valid for the source's hash, and stays.
 */
function dropDatedBytecode(root: string): void {
  for (const { path, stats } of walkFolder(root)) {
    if (stats.isFile() && /\/__pycache__\/[^/]+\.pyc$/.test(path) && isDated(root + path)) unlinkSync(root + path);
  }
}

function isDated(path: string): boolean {
  const header = Buffer.alloc(8);
  const file = openSync(path, 'r');
  try {
    return readSync(file, header, 0, 8, 0) === 8 && header.readUInt32LE(4) === 0;
  } finally {
    closeSync(file);
  }
}
