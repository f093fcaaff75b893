import { expandSpecifiers, splitUnitWords, type UnitEntry, unitValues } from '../../formats/system/unit.ts';
import { KilnError } from '../../model/error.ts';
import type { FileTree } from '../../model/file-tree.ts';
import { readAccounts, type User } from './accounts.ts';
import { HOST_NAME, MACHINE_ID } from './service.ts';

/** A service unit's settings with specifiers expanded. */
export interface UnitReader {
  readonly name: string;
  readonly entries: readonly UnitEntry[];
  readonly user: User;
  /** Values of a setting of [Service]; an empty assignment has cleared those before it. */
  readonly all: (key: string) => string[];
  readonly last: (key: string) => string | undefined;
  /** Words of all values. */
  readonly words: (key: string) => string[];
}

/** Reads a unit's entries, those of drop-ins last. Throws KilnError SPEC_INVALID where the unit's user is not in the tree. */
export function unitReader(entries: readonly UnitEntry[], name: string, tree: FileTree): UnitReader {
  const raw = (key: string) => unitValues(entries, 'Service', key).map((entry) => entry.value);
  const user = userOf(expandSpecifiers(raw('User').at(-1) ?? 'root', name), name, tree);
  const all = (key: string) => raw(key).map((value) => expandSpecifiers(expandUser(value, user), name));
  return { name, entries, user, all, last: (key) => all(key).at(-1), words: (key) => all(key).flatMap(splitUnitWords) };
}

function userOf(userName: string, unit: string, tree: FileTree): User {
  const user = readAccounts(tree).user(userName);
  if (user) return user;
  if (userName === 'root') return { name: 'root', id: 0, groupId: 0, home: '/root' };
  throw new KilnError(
    'SPEC_INVALID',
    `the unit ${unit} runs as user ${userName}, who is not in the image's /etc/passwd`,
    {
      hint: 'a package of the application must make the user when it is configured',
    },
  );
}

function expandUser(text: string, user: User): string {
  const values: Readonly<Record<string, string>> = {
    u: user.name,
    U: String(user.id),
    G: String(user.groupId),
    h: user.home,
    H: HOST_NAME,
    l: HOST_NAME,
    m: MACHINE_ID,
  };
  return text.replace(/%(.)/g, (whole, letter: string) => values[letter] ?? whole);
}
