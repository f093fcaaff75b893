import type { ImageSpec } from '../model/spec.ts';
import { anyGlob } from './glob.ts';

/** Something in a staged root, and whose it is. */
export interface StagedEntry {
  /** Absolute, usr-merged. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
  /**
   * `shipped`: of a package that ships whole; `listed`: of a file that the lock lists; `excluded`: of other packages;
   * `made`: of none, made while configuring; `made-by-base`: the same, before the first package of the image came.
   */
  readonly owner: 'shipped' | 'listed' | 'excluded' | 'made' | 'made-by-base';
  /** A shipped package has the directory that it lies in. */
  readonly inShippedFolder: boolean;
}

/** One stated reason for which something that was staged is not in the image; leaving the rule out brings it back. */
export interface PruneRule {
  readonly id: string;
  readonly what: string;
  readonly why: string;
  /** `minimize.keep` stands above it. */
  readonly yields: boolean;
  removes(entry: StagedEntry): boolean;
}

const below = (...folders: string[]) => {
  const prefixes = folders.map((folder) => `${folder}/`);
  return (path: string) => prefixes.some((prefix) => path.startsWith(prefix));
};
const isMade = ({ owner }: StagedEntry) => owner === 'made' || owner === 'made-by-base';
const LIBRARIES = '/usr/lib/x86_64-linux-gnu';

/** Folders in which much lies side by side: that a package has one of them says nothing of its neighbours there. */
const COMMON = new Set(
  [
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
    '/usr/sbin',
    LIBRARIES,
  ].concat([
    '/usr/share',
    '/usr/share/info',
    '/usr/local',
    '/var',
    '/var/cache',
    '/var/lib',
    '/var/log',
    '/var/mail',
    '/var/spool',
  ]),
);

/** The rules for a spec, in the order in which they are asked; the first that removes something is named for it. */
export function pruneRules(spec: Pick<ImageSpec, 'minimize' | 'boot'>): PruneRule[] {
  const { minimize } = spec;
  return [
    runtimeFolders,
    otherPackages,
    ...(minimize.caches ? [packageState, logs, caches] : []),
    backups,
    ...(spec.boot.init === 'busybox' ? [startLinks] : []),
    madeByBase,
    ...(minimize.documentation ? [documentation, aids] : []),
    locales(minimize.locales),
    converters(minimize.converters),
    ...(minimize.remove.length > 0 ? [asked(minimize.remove)] : []),
  ];
}

const runtimeFolders: PruneRule = {
  id: 'runtime-folders',
  what: 'contents of /proc, /sys, /dev, /run, /tmp and /var/tmp',
  why: 'a running machine mounts or fills them',
  yields: false,
  removes: ({ path }) => below('/proc', '/sys', '/dev', '/run', '/tmp', '/var/tmp')(path),
};

const otherPackages: PruneRule = {
  id: 'other-packages',
  what: 'files of packages that the lock does not ship, or does not list',
  why: 'they were there to configure the others, and nothing in the image needs them',
  yields: false,
  removes: ({ owner }) => owner === 'excluded',
};

const PACKAGE_STATE = [
  'dpkg',
  'apt',
  'ucf',
  'pam',
  'insserv',
  'update-rc.d',
  'emacsen-common',
  'python',
  'shells.state',
  'xml-core',
  'sgml-base',
];
const statePaths = [
  ...PACKAGE_STATE.map((name) => `/var/lib/${name}`),
  ...['/var/lib/systemd/deb-systemd-helper-*', '/var/lib/systemd/deb-systemd-user-helper-*', '/var/backups'],
  ...['/var/cache/apt', '/var/cache/debconf', '/etc/.pwd.lock', '/etc/apt', '/usr/sbin/policy-rc.d'],
];
const matchesState = anyGlob(statePaths);
const packageState: PruneRule = {
  id: 'package-state',
  what: 'what dpkg, apt, debconf, ucf and their like remember',
  why: 'nothing is installed in an image later; what ships is stated in /var/lib/dpkg/status.d',
  yields: true,
  removes: (entry) => isMade(entry) && matchesState(entry.path),
};

const logs: PruneRule = {
  id: 'logs',
  what: 'files made below /var/log',
  why: 'they tell of the configuration, not of the machine',
  yields: true,
  removes: (entry) => isMade(entry) && entry.type !== 'directory' && below('/var/log')(entry.path),
};

const caches: PruneRule = {
  id: 'caches',
  what: 'files made below /var/cache',
  why: 'whoever needs a cache makes it again',
  yields: true,
  removes: (entry) => isMade(entry) && entry.type !== 'directory' && below('/var/cache')(entry.path),
};

const backups: PruneRule = {
  id: 'backups',
  what: 'second copies of configuration files (passwd-, *.dpkg-old, *.ucf-old)',
  why: 'nothing reads them',
  yields: true,
  removes: (entry) =>
    isMade(entry) && entry.type === 'file' && /^\/etc\/(?:.*\.(?:dpkg|ucf)-\w+|[^/]+-|.*~)$/.test(entry.path),
};

const startLinks: PruneRule = {
  id: 'start-links',
  what: '/etc/rc?.d and the enabled units of systemd',
  why: 'the image’s init reads neither',
  yields: true,
  removes: (entry) => isMade(entry) && /^\/etc\/(?:rc[0-6S]\.d|systemd\/(?:system|user))\//.test(entry.path),
};

const madeByBase: PruneRule = {
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

const documented = below(
  '/usr/share/doc',
  '/usr/share/doc-base',
  '/usr/share/man',
  '/usr/share/info',
  '/usr/share/lintian',
);
const alsoDocumented = below(
  '/usr/share/bug',
  '/usr/share/reportbug',
  '/usr/share/gtk-doc',
  '/usr/share/help',
  '/usr/local/man',
);
const documentation: PruneRule = {
  id: 'documentation',
  what: 'manuals, info pages and /usr/share/doc; copyright files stay',
  why: 'nobody reads them on the machine',
  yields: true,
  removes: ({ path, type }) => {
    if (/^\/usr\/share\/doc\/[^/]+\/copyright$/.test(path)) return false;
    // A link in place of a package's folder leads to the copyright file.
    if (/^\/usr\/share\/doc\/[^/]+$/.test(path) && type === 'symlink') return false;
    return documented(path) || alsoDocumented(path) || /^\/usr\/.*\/man\/(?:[^/]+\/)?man\d\w*\//.test(path);
  },
};

const interactive = below(
  '/usr/share/bash-completion',
  '/usr/share/zsh',
  '/usr/share/fish',
  '/usr/share/vim',
  '/usr/share/emacs',
);
const desktop = below(
  '/usr/share/apport',
  '/usr/share/applications',
  '/usr/share/menu',
  '/usr/share/pixmaps',
  '/usr/share/icons',
);
const aids: PruneRule = {
  id: 'interactive-aids',
  what: 'completions for shells, add-ons for editors, hooks for bug reports, menus and icons of desktops',
  why: 'nobody sits in front of the machine',
  yields: true,
  removes: ({ path }) => interactive(path) || desktop(path),
};

function locales(kept: readonly string[]): PruneRule {
  const names = new Set(['C', 'POSIX', ...kept.flatMap((name) => [name, languageOf(name)])]);
  return {
    id: 'locales',
    what: 'message catalogues and compiled locales other than C.UTF-8',
    why: 'minimize.locales does not name them',
    yields: true,
    removes: ({ path }) => {
      const match = /^\/usr\/(?:share\/locale|lib\/locale)\/([^/]+)/.exec(path);
      const name = match?.[1];
      if (name === undefined || name === 'locale.alias' || name === 'locale-archive') return false;
      return ![name, name.replace(/[.@].*$/, '')].some((it) => names.has(it));
    },
  };
}

/** `de` of `de_AT.UTF-8`. */
function languageOf(locale: string): string {
  return locale.replace(/[_.@].*$/, '');
}

function converters(kept: readonly string[]): PruneRule {
  const modules = new Set(kept.map((name) => `${LIBRARIES}/gconv/${name}.so`));
  return {
    id: 'converters',
    what: 'character set converters of iconv (gconv)',
    why: 'minimize.converters does not name them; UTF-8 needs none',
    yields: true,
    removes: ({ path }) => {
      if (!path.startsWith(`${LIBRARIES}/gconv/`) || modules.has(path)) return false;
      // The cache names modules that are gone; without it iconv reads the lists.
      return kept.length === 0 || path.endsWith('.so') || path.endsWith('.cache');
    },
  };
}

function asked(patterns: readonly string[]): PruneRule {
  const matches = anyGlob(patterns);
  return {
    id: 'asked',
    what: patterns.join(' '),
    why: 'minimize.remove names them',
    yields: true,
    removes: ({ path }) => matches(path),
  };
}
