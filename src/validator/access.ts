import type { FileEntry, FileTree } from '../model/file-tree.ts';
import type { Inventory } from '../model/inventory.ts';

/** Who a process is, as the kernel sees it. */
export interface Credentials {
  readonly uid: number;
  readonly gids: ReadonlySet<number>;
}

/** Credentials of the image's service; undefined where its user does not exist. */
export function serviceCredentials({ service, users, groups, units }: Inventory): Credentials | undefined {
  const user = users.find(({ name, uid }) => name === service.user || String(uid) === service.user);
  if (!user) return undefined;
  const named = [service.group, ...(units.find(({ name }) => name === service.unit)?.groups ?? [])];
  const gids = groups
    .filter(({ name, members }) => named.includes(name) || members.includes(user.name))
    .map(({ gid }) => gid);
  return { uid: user.uid, gids: new Set([user.gid, ...gids]) };
}

/** Rights of path_resolution(7): 4 read, 2 write, 1 execute or search. Root may all, but execute only what somebody may. */
export function may(who: Credentials, entry: FileEntry, right: 1 | 2 | 4): boolean {
  if (who.uid === 0) return right !== 1 || entry.type === 'directory' || (entry.mode & 0o111) !== 0;
  const shift = entry.uid === who.uid ? 6 : who.gids.has(entry.gid) ? 3 : 0;
  return ((entry.mode >> shift) & right) !== 0;
}

/** First directory on the way to `path` that the process may not search; undefined where it gets there. */
export function blockedAt(tree: FileTree, who: Credentials, path: string): string | undefined {
  const parts = path.split('/').slice(1, -1);
  for (let count = 1; count <= parts.length; count++) {
    const directory = tree.resolve(`/${parts.slice(0, count).join('/')}`);
    if (directory?.type === 'directory' && !may(who, directory, 1)) return directory.path;
  }
  return undefined;
}
