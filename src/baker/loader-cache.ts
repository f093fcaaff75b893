import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folderTree } from '../formats/tree/folder-tree.ts';
import { KilnError } from '../model/error.ts';
import type { IsolatedRoot } from '../ports/isolated-root.ts';
import { removeAt } from './tree/unpack-tree.ts';

const PROGRAM = '/usr/sbin/ldconfig';
const CONFIGURATION = '/etc/ld.so.conf';

/** ldconfig(8) and its configuration, put aside before pruning takes them: the cache has to be made afterwards. */
export function setLoaderToolAside(root: string, folder: string): void {
  const tree = folderTree(root);
  const isFile = (path: string) => tree.lookup(path)?.type === 'file';
  if (isFile(PROGRAM)) writeFileSync(join(folder, 'ldconfig'), tree.read(PROGRAM), { mode: 0o755 });
  writeFileSync(join(folder, 'ld.so.conf'), isFile(CONFIGURATION) ? tree.read(CONFIGURATION) : '');
}

/** Makes /etc/ld.so.cache anew from the libraries that are left. The tool is statically linked and needs nothing there. */
export async function makeLoaderCache(
  root: string,
  folder: string,
  isolation: IsolatedRoot,
  signal?: AbortSignal,
): Promise<void> {
  removeAt(root, '/etc/ld.so.cache');
  if (!existsSync(join(folder, 'ldconfig'))) return;
  const inside = '/run/kiln';
  const result = await isolation.run(root, [`${inside}/ldconfig`, '-X', '-f', `${inside}/ld.so.conf`], {
    binds: [{ source: folder, target: inside }],
    signal,
  });
  if (result.exitStatus !== 0) {
    throw new KilnError('CONFIGURE_FAILED', `ldconfig failed in the pruned root: ${result.stderr.trim()}`, {
      hint: 'a library in the image is damaged, or a folder of libraries is not readable',
    });
  }
  for (const left of ['/run/kiln', '/var/cache/ldconfig']) removeAt(root, left);
}
