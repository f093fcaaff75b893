import type { FileTree } from '../../model/file-tree.ts';
import type { Inventory } from '../../model/inventory.ts';
import { fitsGlob } from '../glob.ts';
import { readText, settingLines } from './text.ts';

/** What sshd of Debian 12 (OpenSSH 9.2) takes for what its configuration leaves out: sshd_config(5). */
const DEFAULTS: Readonly<Record<string, string>> = {
  allowtcpforwarding: 'yes',
  clientalivecountmax: '3',
  clientaliveinterval: '0',
  disableforwarding: 'no',
  gssapiauthentication: 'no',
  hostbasedauthentication: 'no',
  ignorerhosts: 'yes',
  kbdinteractiveauthentication: 'yes',
  logingracetime: '120',
  loglevel: 'INFO',
  maxauthtries: '6',
  maxsessions: '10',
  maxstartups: '10:30:100',
  passwordauthentication: 'yes',
  permitemptypasswords: 'no',
  permitrootlogin: 'prohibit-password',
  permituserenvironment: 'no',
  port: '22',
  usepam: 'no',
  x11forwarding: 'no',
};

/** The SSH server and its effective settings outside Match blocks; the first value that the configuration gives counts. */
export function readSsh(tree: FileTree): Inventory['ssh'] {
  const server = tree.resolve('/usr/sbin/sshd')?.type === 'file';
  const options: Record<string, string> = {};
  readConfiguration(tree, '/etc/ssh/sshd_config', options, new Set());
  if (!server && Object.keys(options).length === 0) return { server, options };
  return { server, options: { ...DEFAULTS, ...options } };
}

function readConfiguration(tree: FileTree, path: string, options: Record<string, string>, seen: Set<string>): void {
  // The first value counts, so a file that is included again says nothing new.
  if (seen.has(path)) return;
  seen.add(path);
  for (const { text } of settingLines(readText(tree, path) ?? '', /^\s*#/)) {
    const [, key = '', value = ''] = /^(\S+?)(?:\s*=\s*|\s+)(.*)$/.exec(text) ?? [];
    const name = key.toLowerCase();
    // What follows a Match holds for some connections only.
    if (name === 'match') return;
    if (name === 'include') {
      for (const file of included(tree, value)) readConfiguration(tree, file, options, seen);
    } else if (name !== '') options[name] ??= value.trim().replaceAll(/^"|"$/g, '');
  }
}

function included(tree: FileTree, patterns: string): string[] {
  return patterns.split(/\s+/).flatMap((pattern) => {
    const absolute = pattern.startsWith('/') ? pattern : `/etc/ssh/${pattern}`;
    const folder = absolute.slice(0, absolute.lastIndexOf('/'));
    return tree
      .list(folder)
      .map((name) => `${folder}/${name}`)
      .filter((path) => fitsGlob(path, absolute));
  });
}
