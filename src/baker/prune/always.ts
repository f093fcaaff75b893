import { lstatSync } from 'node:fs';
import type { FileEntry } from '../../model/file-tree.ts';
import type { ImageSpec } from '../../model/spec.ts';
import { layEntry } from '../tree/unpack-tree.ts';

/** Directories that are in every tree (FHS 3.0, as far as programs make files below them), and their modes where nobody has set one. */
const FOLDERS: Readonly<Record<string, number>> = {
  '/dev': 0o755,
  '/etc': 0o755,
  '/home': 0o755,
  '/proc': 0o555,
  '/root': 0o700,
  '/run': 0o755,
  '/srv': 0o755,
  '/sys': 0o555,
  '/tmp': 0o1777,
  '/usr': 0o755,
  '/usr/bin': 0o755,
  '/usr/lib': 0o755,
  '/usr/lib64': 0o755,
  '/usr/sbin': 0o755,
  '/var': 0o755,
  '/var/cache': 0o755,
  '/var/lib': 0o755,
  '/var/lib/misc': 0o755,
  '/var/log': 0o755,
  '/var/spool': 0o755,
  '/var/tmp': 0o1777,
};

/** The merged `/usr` layout, and the two folders of /var that moved to /run. */
const LINKS: Readonly<Record<string, string>> = {
  '/bin': 'usr/bin',
  '/lib': 'usr/lib',
  '/lib64': 'usr/lib64',
  '/sbin': 'usr/sbin',
  '/var/lock': '/run/lock',
  '/var/run': '/run',
};

/** Made while the base is configured, and read by libraries that hardly say so. */
const FILES = [
  'passwd',
  'group',
  'shadow',
  'gshadow',
  'nsswitch.conf',
  'subuid',
  'subgid',
  'os-release',
  'debian_version',
];

const KEPT = new Set([
  ...Object.keys(FOLDERS),
  ...Object.keys(LINKS),
  ...FILES.map((name) => `/etc/${name}`),
  '/usr/lib/os-release',
  // Group mail's: as the base has it.
  '/var/mail',
  '/var/spool/mail',
]);

/** Whether a path stays in every tree, whoever made it. */
export function isAlwaysKept(path: string): boolean {
  return KEPT.has(path);
}

/** Makes what every tree has and this one lacks; gives the paths of what it made. */
export function makeAlways(root: string, spec: Pick<ImageSpec, 'os'>): string[] {
  const made: string[] = [];
  const lay = (entry: Pick<FileEntry, 'path' | 'type' | 'mode' | 'target'>, text = '') => {
    // Not by the tree: there, /usr/bin is /bin already.
    if (lstatSync(root + entry.path, { throwIfNoEntry: false })) return;
    layEntry({ read: () => Buffer.from(text) }, { ...entry, uid: 0, gid: 0, size: text.length }, root, new Set(['']));
    made.push(entry.path);
  };
  for (const [path, mode] of Object.entries(FOLDERS)) lay({ path, type: 'directory', mode });
  for (const [path, target] of Object.entries(LINKS)) lay({ path, type: 'symlink', mode: 0o777, target });
  for (const [path, { text, mode = 0o644 }] of Object.entries(textsOf(spec))) lay({ path, type: 'file', mode }, text);
  return made.sort();
}

function textsOf({ os }: Pick<ImageSpec, 'os'>): Record<string, { text: string; mode?: number }> {
  return {
    '/etc/passwd': { text: 'root:x:0:0:root:/root:/usr/sbin/nologin\n' },
    '/etc/group': { text: 'root:x:0:\n' },
    '/etc/shadow': { text: 'root:*:::::::\n', mode: 0o600 },
    '/etc/gshadow': { text: 'root:*::\n', mode: 0o600 },
    '/etc/nsswitch.conf': { text: 'passwd: files\ngroup: files\nshadow: files\ngshadow: files\nhosts: files dns\n' },
    '/etc/hosts': { text: '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n' },
    '/etc/hostname': { text: 'localhost\n' },
    '/etc/os-release': { text: `NAME="Debian GNU/Linux"\nID=debian\nVERSION_CODENAME=${os.release}\n` },
  };
}
