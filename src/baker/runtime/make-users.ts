import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseUnit, unitValue } from '../../formats/system/unit.ts';
import { UNIT_FOLDERS } from '../../formats/system/unit-files.ts';
import { nearestWord } from '../../formats/text/nearest.ts';
import { folderTree } from '../../formats/tree/folder-tree.ts';
import type { ImageSpec } from '../../model/spec.ts';
import { placedFiles } from '../application/application-files.ts';
import { readAccounts } from './accounts.ts';

/** Numbers of system users, given from the top down (adduser.conf(5): FIRST_SYSTEM_UID, LAST_SYSTEM_UID). */
const FIRST = 100;
const LAST = 999;
const NAME = /^[a-z_][a-z0-9_-]{0,31}$/;

/** Users and groups that the spec, or a unit among the user's own files, names; sorted. */
export function usersNamed(spec: ImageSpec, directory: string): string[] {
  const { run, from, files } = spec.application;
  const owners = [...(from ? [from] : []), ...files, ...run.directories].flatMap((it) => [it.owner, it.group]);
  const units = placedFiles(spec, directory).filter((it) => it.type === 'file' && isService(it.path));
  const ofUnits = units.flatMap((it) => usersOfUnit(it.read().toString('utf8')));
  const named = [run.user, run.group, ...owners, ...ofUnits].filter((it) => it !== undefined);
  return [...new Set(named)].filter((it) => NAME.test(it)).sort();
}

function isService(path: string): boolean {
  return UNIT_FOLDERS.some((it) => path.startsWith(`${it}/`)) && path.endsWith('.service');
}

function usersOfUnit(text: string): (string | undefined)[] {
  const entries = parseUnit(text);
  if (/^(1|yes|true|on)$/i.test(unitValue(entries, 'Service', 'DynamicUser') ?? '')) return [];
  return ['User', 'Group'].map((key) => unitValue(entries, 'Service', key));
}

/**
 * Makes those of the users that a root lacks, each with a group of its own, no password and no shell, and gives their names. One that is
 * a slip of the pen away from a user who is there is left alone: it is told where it is used.
 */
export function makeUsers(root: string, names: readonly string[]): string[] {
  const tree = folderTree(root);
  const accounts = readAccounts(tree);
  const known = accountNames(tree.resolve('/etc/passwd') ? tree.read('/etc/passwd').toString('utf8') : '');
  const missing = names.filter((it) => !accounts.user(it) && accounts.groupId(it) === undefined && !isSlip(known, it));
  const isFree = (id: number) => accounts.user(String(id))?.name === String(id) && accounts.groupName(id) === undefined;
  let id = LAST;
  for (const name of missing) {
    while (id >= FIRST && !isFree(id)) id -= 1;
    append(root, 'passwd', `${name}:x:${id}:${id}::/nonexistent:/usr/sbin/nologin`);
    append(root, 'group', `${name}:x:${id}:`);
    append(root, 'shadow', `${name}:!:::::::`);
    append(root, 'gshadow', `${name}:!::`);
    id -= 1;
  }
  return missing;
}

function accountNames(passwd: string): string[] {
  return passwd.split('\n').map((line) => line.slice(0, line.indexOf(':')));
}

function isSlip(known: readonly string[], name: string): boolean {
  // Short names are near to each other by nature, and one that holds another is meant to.
  const like = known.filter((it) => it.length > 5 && !name.startsWith(it) && Math.abs(it.length - name.length) < 2);
  return nearestWord(like, name) !== undefined;
}

function append(root: string, file: string, line: string): void {
  const path = join(root, 'etc', file);
  if (folderTree(root).resolve(`/etc/${file}`)?.type === 'file') appendFileSync(path, `${line}\n`);
}
