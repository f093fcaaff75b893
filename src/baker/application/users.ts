import { KilnError } from '../../model/error.ts';
import type { FileTree } from '../../model/file-tree.ts';

/** Numbers of a tree's users and groups, both ways. */
export interface Users {
  /** Name of a user's number, or the number as text. */
  userName(uid: number): string;
  groupName(gid: number): string;
  /** Number of a user's name; a decimal number stands for itself. Throws NOT_FOUND, naming `place`. */
  uid(name: string, place: string): number;
  gid(name: string, place: string): number;
}

/** Reads /etc/passwd and /etc/group of a tree. */
export function usersOf(tree: FileTree): Users {
  const users = table(tree, '/etc/passwd');
  const groups = table(tree, '/etc/group');
  const nameOf = (names: ReadonlyMap<string, number>, id: number) =>
    [...names].find(([, number]) => number === id)?.[0] ?? String(id);
  const numberOf = (names: ReadonlyMap<string, number>, name: string, what: string, place: string) => {
    const number = /^\d+$/.test(name) ? Number(name) : names.get(name);
    if (number !== undefined) return number;
    throw new KilnError('NOT_FOUND', `no ${what} ${name} in the image (${place})`, {
      hint: `the ${what}s there: ${[...names.keys()].slice(-8).join(', ')}`,
    });
  };
  return {
    userName: (uid) => nameOf(users, uid),
    groupName: (gid) => nameOf(groups, gid),
    uid: (name, place) => numberOf(users, name, 'user', place),
    gid: (name, place) => numberOf(groups, name, 'group', place),
  };
}

function table(tree: FileTree, path: string): Map<string, number> {
  if (tree.resolve(path)?.type !== 'file') return new Map();
  const rows = tree.read(path).toString('utf8').split('\n').filter(Boolean);
  return new Map(rows.map((row) => row.split(':')).map(([name = '', , id]) => [name, Number(id)]));
}
