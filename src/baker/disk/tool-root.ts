import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { digestOf } from '../../model/canonical.ts';
import type { FileEntry, FileTree } from '../../model/file-tree.ts';
import type { LockedDeb } from '../../model/lock.ts';
import type { PackageSource } from '../../ports/package-source.ts';

const RECIPE = 1;
const MERGED = ['bin', 'lib', 'lib64', 'sbin'] as const;
/** Mount points of an isolated root, and the folders that the assembly binds into it. */
const FOLDERS = ['dev', 'proc', 'run', 'tmp', 'tree', 'disk'];

/**
 * A folder with the files of `tools`, unpacked and not configured, in `cache`: made once for a set of packages and used
 * by all. Several processes may make it at once; one wins and the others take it.
 */
export async function toolRoot(
  tools: readonly LockedDeb[],
  source: Pick<PackageSource, 'open'>,
  cache: string,
): Promise<string> {
  const digest = digestOf({ recipe: RECIPE, tools: tools.map((tool) => tool.sha256).sort() });
  const folder = join(cache, 'tool-roots', digest.slice(0, 32));
  if (existsSync(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  const unfinished = await mkdtemp(`${folder}.unfinished-`);
  try {
    await chmod(unfinished, 0o755);
    for (const name of FOLDERS) await mkdir(join(unfinished, name));
    for (const name of MERGED) await symlink(`usr/${name}`, join(unfinished, name));
    for (const tool of tools) await unpack((await source.open(tool)).data, unfinished);
    await rename(unfinished, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return folder;
}

async function unpack(tree: FileTree, folder: string): Promise<void> {
  for (const entry of tree.entries()) {
    if (MERGED.some((name) => entry.path === `/${name}`)) continue;
    await unpackEntry(tree, entry, join(folder, entry.path));
  }
}

async function unpackEntry(tree: FileTree, entry: FileEntry, path: string): Promise<void> {
  await mkdir(entry.type === 'directory' ? path : dirname(path), { recursive: true });
  if (entry.type === 'symlink' && !existsSync(path)) await symlink(entry.target ?? '', path);
  if (entry.type === 'file') {
    await writeFile(path, tree.read(entry.path));
    await chmod(path, entry.mode & 0o755);
  }
}
