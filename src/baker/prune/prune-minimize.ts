import { anyGlob } from '../tree/glob.ts';
import { below, LIBRARIES, type PruneRule } from './prune-rule.ts';

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
/** `minimize.documentation`. */
export const documentation: PruneRule = {
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
/** `minimize.documentation` too: what is for people at a terminal or a desktop. */
export const aids: PruneRule = {
  id: 'interactive-aids',
  what: 'completions for shells, add-ons for editors, hooks for bug reports, menus and icons of desktops',
  why: 'nobody sits in front of the machine',
  yields: true,
  removes: ({ path }) => interactive(path) || desktop(path),
};

/** `minimize.locales`: all but these, and C. */
export function locales(kept: readonly string[]): PruneRule {
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

/** `minimize.converters`: all but these. */
export function converters(kept: readonly string[]): PruneRule {
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

/** `minimize.remove`. */
export function asked(patterns: readonly string[]): PruneRule {
  const matches = anyGlob(patterns);
  return {
    id: 'asked',
    what: patterns.join(' '),
    why: 'minimize.remove names them',
    yields: true,
    removes: ({ path }) => matches(path),
  };
}

/** A private key in a package is everybody's: it keeps nothing secret, and who serves with it is impersonated by anybody. */
export const publishedKeys: PruneRule = {
  id: 'published-keys',
  what: 'private keys that packages ship, mostly for tests and demonstrations',
  why: 'everybody has them; minimize.keep brings one back',
  yields: true,
  removes: ({ owner, isKey }) => owner === 'shipped' && isKey === true,
};
