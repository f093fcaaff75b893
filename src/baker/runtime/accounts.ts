import type { FileTree } from '../../model/file-tree.ts';

/** A line of passwd. */
export interface User {
  readonly name: string;
  readonly id: number;
  readonly groupId: number;
  readonly home: string;
}

/** Users and groups of a tree, by its own passwd and group. */
export interface Accounts {
  readonly user: (name: string) => User | undefined;
  readonly groupId: (name: string) => number | undefined;
  readonly groupName: (id: number) => string | undefined;
}

/** Reads /etc/passwd and /etc/group; numbers as text name themselves. */
export function readAccounts(tree: FileTree): Accounts {
  const users = new Map(
    rows(tree, '/etc/passwd').map(([name = '', , id, groupId, , home = '/']) => [
      name,
      { name, id: Number(id), groupId: Number(groupId), home },
    ]),
  );
  const groups = new Map(rows(tree, '/etc/group').map(([name = '', , id]) => [name, Number(id)]));
  const isNumber = (text: string) => /^\d+$/.test(text);
  return {
    user: (name) => {
      if (users.has(name)) return users.get(name);
      const id = Number(name);
      return isNumber(name)
        ? ([...users.values()].find((user) => user.id === id) ?? { name, id, groupId: id, home: '/' })
        : undefined;
    },
    groupId: (name) => groups.get(name) ?? (isNumber(name) ? Number(name) : undefined),
    groupName: (id) => [...groups].find(([, groupId]) => groupId === id)?.[0],
  };
}

function rows(tree: FileTree, path: string): string[][] {
  if (tree.resolve(path) === undefined) return [];
  return tree
    .read(path)
    .toString('utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(':'));
}
