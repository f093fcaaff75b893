import { anyGlob } from '../tree/glob.ts';
import { below, LIBRARIES, type PruneRule, type StagedEntry } from './prune-rule.ts';

const isMade = ({ owner }: StagedEntry) => owner === 'made' || owner === 'made-by-base';

/** Folders in which much lies side by side: that a package has one of them says nothing of its neighbours there. */
const COMMON = new Set([
  ...[
    '',
    '/etc',
    '/etc/default',
    '/etc/init.d',
    '/etc/security',
    '/opt',
    '/root',
    '/srv',
    '/usr',
    '/usr/bin',
    '/usr/lib',
  ],
  ...[LIBRARIES, '/usr/local', '/usr/sbin', '/usr/share', '/usr/share/info'],
  ...['/var', '/var/cache', '/var/lib', '/var/log', '/var/mail', '/var/spool'],
]);

/** Mount points, and what is empty at each boot. */
export const runtimeFolders: PruneRule = {
  id: 'runtime-folders',
  what: 'contents of /proc, /sys, /dev, /run, /tmp and /var/tmp',
  why: 'a running machine mounts or fills them',
  yields: false,
  removes: ({ path }) => below('/proc', '/sys', '/dev', '/run', '/tmp', '/var/tmp')(path),
};

/** The excluded set: what was staged only so that scripts find it. */
export const otherPackages: PruneRule = {
  id: 'other-packages',
  what: 'files of packages that the lock does not ship, or does not list',
  why: 'they were there to configure the others, and nothing in the image needs them',
  yields: false,
  removes: ({ owner }) => owner === 'excluded',
};

const inPackageState = anyGlob([
  ...[
    '/var/lib/apt',
    '/var/lib/dpkg',
    '/var/lib/emacsen-common',
    '/var/lib/insserv',
    '/var/lib/pam',
    '/var/lib/python',
  ],
  ...['/var/lib/sgml-base', '/var/lib/shells.state', '/var/lib/ucf', '/var/lib/update-rc.d', '/var/lib/xml-core'],
  ...['/var/lib/systemd/deb-systemd-helper-*', '/var/lib/systemd/deb-systemd-user-helper-*', '/var/backups'],
  ...['/var/cache/apt', '/var/cache/debconf', '/etc/.pwd.lock', '/etc/apt', '/usr/sbin/policy-rc.d'],
]);
/** The databases of package management. */
export const packageState: PruneRule = {
  id: 'package-state',
  what: 'what dpkg, apt, debconf, ucf and their like remember',
  why: 'nothing is installed in an image later; what ships is stated in /var/lib/dpkg/status.d',
  yields: true,
  removes: (entry) => isMade(entry) && inPackageState(entry.path),
};

/** Logs of the configuration. */
export const logs: PruneRule = {
  id: 'logs',
  what: 'files made below /var/log',
  why: 'they tell of the configuration, not of the machine',
  yields: true,
  removes: (entry) => isMade(entry) && entry.type !== 'directory' && below('/var/log')(entry.path),
};

/** Caches filled while configuring. */
export const caches: PruneRule = {
  id: 'caches',
  what: 'files made below /var/cache',
  why: 'whoever needs a cache makes it again',
  yields: true,
  removes: (entry) => isMade(entry) && entry.type !== 'directory' && below('/var/cache')(entry.path),
};

/** Copies that tools leave beside what they change. */
export const backups: PruneRule = {
  id: 'backups',
  what: 'second copies of configuration files (passwd-, *.dpkg-old, *.ucf-old)',
  why: 'nothing reads them',
  yields: true,
  removes: (entry) =>
    isMade(entry) && entry.type === 'file' && /^\/etc\/(?:.*\.(?:dpkg|ucf)-\w+|[^/]+-|.*~)$/.test(entry.path),
};

/** What switches services on for inits that are not in the image. */
export const startLinks: PruneRule = {
  id: 'start-links',
  what: '/etc/rc?.d and the enabled units of systemd',
  why: 'the image’s init reads neither',
  yields: true,
  removes: (entry) => isMade(entry) && /^\/etc\/(?:rc[0-6S]\.d|systemd\/(?:system|user))\//.test(entry.path),
};

/** Files of nobody’s that were there before the image’s own packages came. */
export const madeByBase: PruneRule = {
  id: 'made-by-other-packages',
  what: 'files that configuring the Essential packages made',
  why: 'no package of the image has anything to do with them',
  yields: true,
  // A link stays or goes with what it leads to; that is seen at the end.
  removes: ({ owner, type, path, inShippedFolder }) =>
    owner === 'made-by-base' &&
    type !== 'symlink' &&
    !(inShippedFolder && !COMMON.has(path.slice(0, path.lastIndexOf('/')))),
};
