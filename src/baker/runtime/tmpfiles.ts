import { expandSpecifiers, splitUnitWords } from '../../formats/system/unit.ts';
import type { FileTree } from '../../model/file-tree.ts';
import type { Accounts } from './accounts.ts';
import type { ServiceDirectory } from './service.ts';

/** A line of the list that `/usr/lib/kiln/directories` carries out at each boot. */
export interface BootEntry {
  readonly type: 'directory' | 'file' | 'link' | 'copy' | 'adjust' | 'remove';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly path: string;
  readonly argument: string;
}

const FOLDERS = ['/usr/lib/tmpfiles.d', '/etc/tmpfiles.d'];
const DONE_BY_START = new Set(['/run', '/run/lock', '/tmp', '/var/tmp', '/dev/shm', '/var/run', '/var/lock']);

/**
 * What the tree's tmpfiles.d asks for (tmpfiles.d(5)), sorted by path, and the lines that can't be carried out. Cleaning
 * by age is not supported; lines for boot only (`!`) are.
 */
export function readTmpfiles(tree: FileTree, accounts: Accounts): { entries: BootEntry[]; notHonoured: string[] } {
  const notHonoured: string[] = [];
  const entries = tmpfilesFiles(tree).flatMap(([file, path]) =>
    tree
      .read(path)
      .toString('utf8')
      .split('\n')
      .filter((line) => /^\s*[a-zA-Z]/.test(line))
      .flatMap((line) => {
        const entry = readLine(splitUnitWords(line), accounts);
        if (typeof entry !== 'string') return DONE_BY_START.has(entry.path) ? [] : [entry];
        notHonoured.push(`tmpfiles.d/${file}: ${entry}`);
        return [];
      }),
  );
  return { entries: entries.sort((a, b) => (a.path < b.path ? -1 : 1)), notHonoured };
}

/** Files by name; one in /etc hides one of its name in /usr/lib. */
function tmpfilesFiles(tree: FileTree): [string, string][] {
  const found = new Map(
    FOLDERS.flatMap((folder) => tree.list(folder).map((file) => [file, `${folder}/${file}`] as const)),
  );
  return [...found]
    .filter(([file, path]) => file.endsWith('.conf') && tree.resolve(path)?.type === 'file')
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function readLine(words: readonly string[], accounts: Accounts): BootEntry | string {
  const [typeWord = '', rawPath = '', modeWord = '-', userWord = '-', groupWord = '-'] = words;
  const given = (word: string) => (word === '-' || word === '' ? undefined : word.replace(/^[~:]+/, ''));
  const argument = words.slice(6).join(' ');
  const path = expandSpecifiers(rawPath, 'tmpfiles')
    .replace(/^\/var\/run\//, '/run/')
    .replace(/(.)\/+$/, '$1');
  const user = accounts.user(given(userWord) ?? 'root');
  const gid = given(groupWord) === undefined ? 0 : accounts.groupId(given(groupWord)!);
  if (user === undefined || gid === undefined)
    return `${path}: ${user ? groupWord : userWord} is not an account of the image`;
  const type = entryType(typeWord, modeWord);
  if (type === undefined || /[*?[%]/.test(path)) return `${typeWord} ${path}`;
  // What is copied keeps the mode of what it is copied from, if none is stated.
  const mode = Number.parseInt(given(modeWord) ?? { file: '0644', copy: '0' }[type as string] ?? '0755', 8);
  return {
    type,
    mode,
    uid: user.id,
    gid,
    path,
    argument: argumentOf(type, path, expandSpecifiers(argument, 'tmpfiles')),
  };
}

function argumentOf(type: BootEntry['type'], path: string, argument: string): string {
  if (type === 'copy') return argument === '' || argument === '-' ? `/usr/share/factory${path}` : argument;
  return type === 'link' || type === 'file' ? argument : '';
}

function entryType(word: string, mode: string): BootEntry['type'] | undefined {
  const letter = word[0]!;
  if ('dDvqQ'.includes(letter)) return 'directory';
  if ('fF'.includes(letter)) return 'file';
  if (letter === 'L') return 'link';
  if (letter === 'C') return 'copy';
  if ('zZe'.includes(letter)) return mode === '-' ? undefined : 'adjust';
  return 'rR'.includes(letter) && word.includes('!') ? 'remove' : undefined;
}

/** A service's directories as entries. Throws `Error` for an owner that is no account. */
export function directoryEntries(directories: readonly ServiceDirectory[], accounts: Accounts): BootEntry[] {
  return directories.map(({ path, mode, owner, group }) => {
    const [user, gid] = [accounts.user(owner), accounts.groupId(group)];
    if (user === undefined || gid === undefined) throw new Error(`internal: ${owner}:${group} is not an account`);
    return { type: 'directory', mode, uid: user.id, gid, path, argument: '' };
  });
}

/** The list as text: one entry a line, fields divided by tabs. */
export function formatBootEntries(entries: readonly BootEntry[]): string {
  return entries
    .map(
      ({ type, mode, uid, gid, path, argument }) =>
        `${[type, mode.toString(8).padStart(4, '0'), uid, gid, path, argument].join('\t')}\n`,
    )
    .join('');
}
