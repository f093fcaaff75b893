import type { FileTree } from '../../model/file-tree.ts';
import type { InventoryGroup, InventoryUser } from '../../model/inventory.ts';
import { readText, settingLines } from './text.ts';

const NO_LOGIN = /\/(nologin|false|sync|halt|shutdown)$/;
/** What an empty field stands for (passwd(5)). */
const DEFAULT_SHELL = '/bin/sh';
/** crypt(5): bcrypt, SHA-256, SHA-512, yescrypt, gost-yescrypt, scrypt. DES and MD5 are weak. */
const STRONG_HASH = /^\$(2[aby]|5|6|y|gy|7)\$/;

/** Users of /etc/passwd with the state of their password in /etc/shadow; a line that is not one is left out. */
export function readUsers(tree: FileTree): InventoryUser[] {
  const shadow = new Map(rows(tree, '/etc/shadow').map(([name, password]) => [name, password ?? '']));
  return rows(tree, '/etc/passwd').flatMap(([name, password, uid, gid, , home, shell]) => {
    if (!name || !isNumber(uid) || !isNumber(gid)) return [];
    const secret = password === 'x' ? shadow.get(name) : password;
    return [
      {
        name,
        uid: Number(uid),
        gid: Number(gid),
        home: home ?? '',
        shell: shell ?? '',
        password: passwordState(secret),
        shadowed: password === 'x' || password === '*' || password === '!',
        login: !NO_LOGIN.test(shell ?? '') && tree.resolve(shell || DEFAULT_SHELL)?.type === 'file',
        system: Number(uid) < 1000 || Number(uid) === 65534,
      },
    ];
  });
}

/** Groups of /etc/group. */
export function readGroups(tree: FileTree): InventoryGroup[] {
  return rows(tree, '/etc/group').flatMap(([name, , gid, members]) =>
    name && isNumber(gid) ? [{ name, gid: Number(gid), members: (members ?? '').split(',').filter(Boolean) }] : [],
  );
}

/** Login shells that /etc/shells names. */
export function readShells(tree: FileTree): string[] {
  return [...settingLines(readText(tree, '/etc/shells') ?? '')].map(({ text }) => text);
}

/** No entry in /etc/shadow counts as none: nobody can log in by it. */
function passwordState(secret: string | undefined): InventoryUser['password'] {
  if (secret === undefined || /^[*!x]+$/.test(secret)) return 'none';
  if (secret === '') return 'empty';
  if (secret.startsWith('!')) return secret.length > 4 ? 'locked' : 'none';
  return STRONG_HASH.test(secret) ? 'set' : 'weak';
}

function rows(tree: FileTree, path: string): string[][] {
  return [...settingLines(readText(tree, path) ?? '', /^\s*#/)].map(({ text }) => text.split(':'));
}

const isNumber = (text: string | undefined): text is string => text !== undefined && /^\d+$/.test(text);
