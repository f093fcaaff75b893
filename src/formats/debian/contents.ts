import { mergedPath } from '../tree/usr-merge.ts';

/** Names of the packages that ship each path. */
export type Owned = Map<string, string[]>;

/**
 * Where something lies that others name: programs, units, shared libraries, and modules of Python, Perl, Ruby and Node. All
 * else of a Contents file (96 of 100 lines) is never asked for.
 */
const NAMED = [
  /^usr\/s?bin\/[^/]+$/,
  /^usr\/lib(?:32|64|x32)?\/(?:[^/]+-linux-gnu\/)?[^/]+\.so[^/]*$/,
  /^usr\/lib\/systemd\/system\/[^/]+$/,
  /^usr\/lib\/python3[^/]*\/(?:[^/]+\/){0,4}[^/]+\.(?:py|so)$/,
  /^usr\/(?:share|lib\/[^/]+-linux-gnu)\/perl5?\/(?:[^/]+\/){0,6}[^/]+\.p[mlh]$/,
  /^usr\/lib\/ruby\/(?:vendor_ruby|[\d.]+)\/(?:[^/]+\/){0,3}[^/]+\.rb$/,
  /^usr\/(?:share|lib|lib\/[^/]+-linux-gnu)\/nodejs\/(?:@[^/]+\/)?[^/]+(?:\/(?:package\.json|index\.js))?$/,
];

/** Folders of `/usr/share` with modules. */
const SHARED = ['usr/share/nodejs/', 'usr/share/perl'];

/**
 * Takes a Contents file (Debian repository format, 'Contents indices') in pieces and gives of each the lines that are
 * whole and worth keeping, as `path package,package`, usr-merged; the file ends with a piece that ends a line.
 */
export function reduceContents(): (piece: string) => string {
  let rest = '';
  return (piece) => {
    const text = rest + piece;
    let kept = '';
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      if (mayBeNamed(text, start)) kept += reducedLine(text.slice(start, end));
      start = end + 1;
    }
    rest = text.slice(start);
    return kept;
  };
}

/** A cheap look before the costly one: nearly all lines are below /usr/share and none of them a module. */
function mayBeNamed(text: string, start: number): boolean {
  if (text.startsWith('usr/share/', start)) return SHARED.some((folder) => text.startsWith(folder, start));
  return /[bslu]/.test(text[start] ?? '');
}

function reducedLine(line: string): string {
  const match = /^(?:\.?\/)?(\S.*?)\s+(\S+)$/.exec(line);
  if (!match) return '';
  const path = mergedPath(`/${match[1]}`).slice(1);
  if (!NAMED.some((pattern) => pattern.test(path))) return '';
  const packages = match[2]!.split(',').map((it) => it.slice(it.lastIndexOf('/') + 1));
  return `${path} ${packages.join(',')}\n`;
}

/** Packages that ship each of some absolute, usr-merged paths, by reduced Contents; paths that nobody ships are left out. */
export function ownersIn(reduced: string, paths: ReadonlySet<string>): Owned {
  const owned: Owned = new Map();
  let start = 0;
  for (let end = reduced.indexOf('\n'); end >= 0; end = reduced.indexOf('\n', start)) {
    const line = reduced.slice(start, end);
    start = end + 1;
    const gap = line.lastIndexOf(' ');
    const path = `/${line.slice(0, gap)}`;
    if (paths.has(path)) owned.set(path, [...(owned.get(path) ?? []), ...line.slice(gap + 1).split(',')]);
  }
  return owned;
}
