import { unitNameParts } from '../../formats/unit.ts';
import type { FileTree } from '../../model/file-tree.ts';

const FOLDERS = ['/etc/systemd/system', '/usr/local/lib/systemd/system', '/usr/lib/systemd/system'];

/** The texts of a unit of the tree, drop-ins last; undefined where the tree has no such unit (systemd.unit(5), load path). */
export function findUnitTexts(tree: FileTree, name: string): string[] | undefined {
  const { template } = unitNameParts(name);
  const names = template === undefined ? [name] : [name, template];
  const places = names.flatMap((file) => FOLDERS.map((folder) => `${folder}/${file}`));
  const path = places.find((place) => tree.resolve(place)?.type === 'file');
  if (path === undefined) return undefined;
  return [path, ...dropIns(tree, names)].map((place) => tree.read(place).toString('utf8'));
}

/** Drop-ins by file name; one in /etc hides one of its name in /usr/lib. */
function dropIns(tree: FileTree, names: readonly string[]): string[] {
  const found = new Map<string, string>();
  for (const folder of FOLDERS.toReversed().flatMap((place) => names.map((name) => `${place}/${name}.d`))) {
    for (const file of tree.list(folder)) if (file.endsWith('.conf')) found.set(file, `${folder}/${file}`);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}
