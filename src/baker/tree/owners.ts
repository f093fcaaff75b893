import { folderTree } from '../../formats/tree/folder-tree.ts';
import { mergedPath } from '../../formats/tree/usr-merge.ts';
import type { FileTree } from '../../model/file-tree.ts';

const INFO = '/var/lib/dpkg/info';
const DIVERSIONS = '/var/lib/dpkg/diversions';

/**
 * Which packages have a path, from dpkg's lists in a root's folder, diversions applied; directories have many. Paths are
 * usr-merged.
 */
export function ownersOf(root: string): Map<string, string[]> {
  const tree = folderTree(root);
  const diverted = diversionsOf(tree);
  const owners = new Map<string, string[]>();
  for (const file of tree.list(INFO).filter((name) => name.endsWith('.list'))) {
    const name = file.slice(0, -'.list'.length).replace(/:.*$/, '');
    for (const line of tree.read(`${INFO}/${file}`).toString('utf8').split('\n')) {
      if (!line.startsWith('/') || line === '/.') continue;
      const path = mergedPath(diverted(line, name));
      const known = owners.get(path);
      if (known) known.push(name);
      else owners.set(path, [name]);
    }
  }
  return owners;
}

/** Where dpkg puts a package's path: a diversion (dpkg-divert(1)) moves it aside for all but the package that made it. */
function diversionsOf(tree: FileTree): (path: string, owner: string) => string {
  const lines = tree.resolve(DIVERSIONS)?.type === 'file' ? tree.read(DIVERSIONS).toString('utf8').split('\n') : [];
  const diversions = new Map<string, { to: string; by: string }>();
  for (let at = 0; at + 2 < lines.length; at += 3) {
    diversions.set(lines[at]!, { to: lines[at + 1]!, by: lines[at + 2]! });
  }
  return (path, owner) => {
    const diversion = diversions.get(path);
    return diversion && diversion.by !== owner ? diversion.to : path;
  };
}
