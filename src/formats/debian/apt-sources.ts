import { KilnError } from '../../model/error.ts';
import { parseStanzas, type Stanza } from './stanza.ts';

/** One archive of a machine's apt configuration (sources.list(5)), binary packages only. */
export interface AptArchive {
  /** Base of the archive, with `/` at its end. */
  readonly uri: string;
  /** Folder below `dists/`; one that ends in `/` is a flat archive's own path. */
  readonly suite: string;
  readonly components: readonly string[];
  /** Absent: all. */
  readonly architectures?: readonly string[];
  /** Keyring files and key fingerprints, or an armoured key; absent: the machine's trusted keys. */
  readonly signedBy?: SignedBy;
  /** File and line that states it. */
  readonly where: string;
}

export interface SignedBy {
  readonly files: readonly string[];
  /** Upper-case hex; empty: any key of the files. */
  readonly fingerprints: readonly string[];
  readonly inline?: string;
}

/** Archives of a one-line-style file (`*.list`). Throws CONFIG_INVALID with file and line. */
export function parseSourcesList(text: string, file: string): AptArchive[] {
  return text.split('\n').flatMap((line, at) => {
    const words = line.replace(/#.*/, '').trim();
    return words === '' ? [] : parseLine(words, `${file}:${at + 1}`);
  });
}

function parseLine(line: string, where: string): AptArchive[] {
  const match = /^(deb|deb-src)\s+(?:\[([^\]]*)\]\s*)?([^[\s]\S*)\s+(\S+)((?:\s+\S+)*)$/.exec(line);
  if (!match) throw invalid(where, `${JSON.stringify(line)} is not a source`);
  if (match[1] === 'deb-src') return [];
  const options = new Map(
    [...(match[2] ?? '').matchAll(/([\w-]+)[+-]?=(\S+)/g)].map((option) => [option[1]!.toLowerCase(), option[2]!]),
  );
  const architectures = options.get('arch')?.split(',');
  const signedBy = options.get('signed-by');
  return [
    archive(where, {
      uri: match[3]!,
      suite: match[4]!,
      components: words(match[5]!),
      ...(architectures ? { architectures } : {}),
      ...(signedBy ? { signedBy: parseSignedBy(signedBy) } : {}),
    }),
  ];
}

/** Archives of a deb822-style file (`*.sources`), disabled ones left out. Throws CONFIG_INVALID with the file. */
export function parseSourcesStanzas(text: string, file: string): AptArchive[] {
  return [...parseStanzas(text, { name: file, code: 'CONFIG_INVALID' })].flatMap((stanza, at) =>
    archivesOf(lowerCased(stanza), `${file}, stanza ${at + 1}`),
  );
}

function archivesOf(stanza: Stanza, where: string): AptArchive[] {
  const value = (field: string) => words(stanza.get(field) ?? '');
  if (/^(no|false|0|off|without|disable)$/i.test(stanza.get('enabled')?.trim() ?? '')) return [];
  for (const field of ['types', 'uris', 'suites']) {
    if (value(field).length === 0) throw invalid(where, `it has no ${field[0]!.toUpperCase()}${field.slice(1)}`);
  }
  if (!value('types').includes('deb')) return [];
  const architectures = value('architectures');
  const signedBy = stanza.get('signed-by');
  const common = {
    components: value('components'),
    ...(architectures.length > 0 ? { architectures } : {}),
    ...(signedBy ? { signedBy: parseSignedBy(signedBy) } : {}),
  };
  return value('uris').flatMap((uri) => value('suites').map((suite) => archive(where, { ...common, uri, suite })));
}

function archive(where: string, given: Omit<AptArchive, 'where'>): AptArchive {
  if (given.suite.endsWith('/') !== (given.components.length === 0)) {
    throw invalid(
      where,
      `the suite ${given.suite} ${given.components.length === 0 ? 'needs components' : 'takes no components'}`,
    );
  }
  return { ...given, uri: given.uri.endsWith('/') ? given.uri : `${given.uri}/`, where };
}

/** `Signed-By` as apt reads it: an armoured key, or paths and fingerprints separated by commas or space. */
export function parseSignedBy(text: string): SignedBy {
  if (text.includes('-----BEGIN PGP')) {
    const inline = text.split('\n').map((line) => (line.trim() === '.' ? '' : line.trim()));
    return { files: [], fingerprints: [], inline: inline.join('\n').trim() };
  }
  const items = text.split(/[\s,]+/).filter(Boolean);
  return {
    files: items.filter((item) => item.startsWith('/')),
    fingerprints: items.filter((item) => !item.startsWith('/')).map((item) => item.replace(/!$/, '').toUpperCase()),
  };
}

function lowerCased(stanza: Stanza): Stanza {
  return new Map([...stanza].map(([field, value]) => [field.toLowerCase(), value]));
}

function words(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}

function invalid(where: string, what: string): KilnError {
  return new KilnError('CONFIG_INVALID', `${where}: ${what}`, {
    hint: 'see sources.list(5); `apt-get update` checks it, too',
  });
}
