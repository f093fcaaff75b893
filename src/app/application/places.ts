import { UNIT_FOLDERS } from '../../formats/system/unit-files.ts';
import { mergedPath } from '../../formats/tree/usr-merge.ts';
import type { Need } from '../../resolver/evidence/gather.ts';
import { commandPaths } from '../../resolver/evidence/path.ts';

/** What decides where a system looks for things. */
export interface Platform {
  /** Debian's multiarch name, such as `x86_64-linux-gnu`. */
  readonly triplet: string;
  /** Version of the default Python, such as `3.11`; undefined where there is none. */
  readonly python?: string;
  /** Of the default perl, such as `5.36.0`. */
  readonly perl?: string;
}

type PlacesOf = (needs: string, platform: Platform) => string[];

const BY_RULE: Readonly<Record<string, PlacesOf>> = {
  'elf-libraries': libraryPlaces,
  'python-modules': pythonPlaces,
  'python-applications': pythonPlaces,
  'perl-modules': perlPlaces,
  'ruby-modules': rubyPlaces,
  'node-modules': nodePlaces,
};

/**
 * Paths at which a system would find what a need names, those that it tries first first; none for a name that says no place, such as a
 * relative module. Absolute and usr-merged.
 */
export function placesOf({ rule, needs }: Pick<Need, 'rule' | 'needs'>, platform: Platform): string[] {
  return (BY_RULE[rule] ?? programPlaces)(needs, platform);
}

function programPlaces(needs: string): string[] {
  if (/^[^/\s]+\.(service|socket|target|timer|mount|path)$/.test(needs))
    return UNIT_FOLDERS.map((it) => `${it}/${needs}`);
  return /^\/?[\w.+@/-]+$/.test(needs) ? commandPaths(needs).map(mergedPath) : [];
}

/** Where ld.so looks by itself (ld.so(8)). */
function libraryPlaces(soname: string, { triplet }: Platform): string[] {
  if (soname.includes('/')) return [mergedPath(soname)];
  return [`/usr/lib/${triplet}/${soname}`, `/usr/lib/${soname}`];
}

/** `a.b.c` is there when its deepest part is; what a module makes up itself is in no file, so shorter ones follow. */
function pythonPlaces(module: string, { python, triplet }: Platform): string[] {
  if (!/^[\w.]+$/.test(module)) return [];
  const parts = module.split('.').filter((it) => it !== '');
  const folders = [
    ...(python ? [`/usr/lib/python${python}`, `/usr/lib/python${python}/lib-dynload`] : []),
    '/usr/lib/python3/dist-packages',
  ];
  const tag = `cpython-${python?.replace('.', '')}-${triplet}`;
  const endings = ['/__init__.py', `.${tag}.so`, '.abi3.so', '.py'];
  return parts
    .map((_, at) => parts.slice(0, parts.length - at).join('/'))
    .flatMap((stem) => folders.flatMap((folder) => endings.map((it) => `${folder}/${stem}${it}`)));
}

/** Debian's folders of modules, which its Node searches after those of the application (Debian Javascript Policy). */
function nodePlaces(specifier: string, { triplet }: Platform): string[] {
  const name = /^(?:@[^/]+\/)?[^./@][^/]*/.exec(specifier)?.[0];
  if (name === undefined) return [];
  const folders = [`/usr/lib/${triplet}/nodejs`, '/usr/share/nodejs', '/usr/lib/nodejs'];
  return folders.flatMap((folder) => ['/package.json', '/index.js', '.js'].map((it) => `${folder}/${name}${it}`));
}

/** Debian's @INC (Debian Perl Policy §2.2); a module by its name or by its file. */
function perlPlaces(module: string, { triplet, perl }: Platform): string[] {
  const file = /\.p[mlh]$/.test(module) ? module : `${module.replaceAll('::', '/')}.pm`;
  if (!/^\w[\w/]*\.p[mlh]$/.test(file)) return [];
  const own = perl
    ? [`/usr/lib/${triplet}/perl-base`, `/usr/lib/${triplet}/perl/${perl}`, `/usr/share/perl/${perl}`]
    : [];
  const compiled = perl ? [`/usr/lib/${triplet}/perl5/${perl.replace(/\.\d+$/, '')}`] : [];
  return [...own, '/usr/share/perl5', ...compiled].map((folder) => `${folder}/${file}`);
}

/** Debian's folder of libraries for its Ruby; what lies in a gem of its own is found by name only. */
function rubyPlaces(name: string): string[] {
  return /^\w[\w/-]*$/.test(name) ? [`/usr/lib/ruby/vendor_ruby/${name}.rb`] : [];
}
