import type { VerifiedIndex } from '../../src/model/package.ts';
import type { Resolution } from '../../src/model/spec.ts';
import type { Root } from '../../src/resolver/resolve.ts';
import { buildUniverse, type Universe } from '../../src/resolver/universe/universe.ts';

/**
 * A universe in one line: names to what they relate to.
 *
 *     { a: 'b | c', b: '', 'c 2.0': 'd (>= 1); conflicts e; provides f (= 3); size 10' }
 *
 * A key is a name and optionally a version (1 by default). A value is Depends, then further parts after semicolons, each a
 * field and its value: `pre`, `conflicts`, `breaks`, `provides`, `recommends`, `size` (KiB, 1 by default), `download`
 * (bytes), `multi`, `essential`. A key may end in `#N` so that one stanza can be there more than once.
 */
export type UniverseLine = Readonly<Record<string, string>>;

const FIELDS: Record<string, string> = {
  pre: 'Pre-Depends',
  conflicts: 'Conflicts',
  breaks: 'Breaks',
  provides: 'Provides',
  recommends: 'Recommends',
  size: 'Installed-Size',
  download: 'Size',
  multi: 'Multi-Arch',
  essential: 'Essential',
  replaces: 'Replaces',
  architecture: 'Architecture',
};

/** The text of a Packages file for a line. */
export function packagesText(line: UniverseLine): string {
  return Object.entries(line)
    .map(([key, value]) => stanzaText(key, value))
    .join('\n');
}

function stanzaText(key: string, value: string): string {
  const [name = '', version = '1'] = key.replace(/#\d+$/, '').split(' ');
  const [depends = '', ...parts] = value.split(';').map((it) => it.trim());
  const fields = new Map([
    ['Package', name],
    ['Version', version],
    ['Architecture', 'all'],
    ['Installed-Size', '1'],
    ['Size', '100'],
    ['Filename', `pool/${name}_${version}.deb`],
    ['SHA256', Buffer.from(`${name} ${version}`).toString('hex').padEnd(64, '0').slice(0, 64)],
  ]);
  if (depends !== '') fields.set('Depends', depends);
  for (const part of parts.filter((it) => it !== '')) {
    const [field = '', ...rest] = part.split(' ');
    const known = FIELDS[field];
    if (!known) throw new Error(`internal: a universe has no part "${field}"`);
    fields.set(known, rest.join(' '));
  }
  return [...fields].map(([field, text]) => `${field}: ${text}\n`).join('');
}

/** An index as a source would have verified it. */
export function makeIndex(codename: string, priority = 500): VerifiedIndex {
  return {
    origin: 'Debian',
    label: 'Debian',
    suite: codename,
    codename,
    component: 'main',
    architecture: 'amd64',
    sha256: Buffer.from(codename).toString('hex').padEnd(64, '0'),
    date: '2026-01-01T00:00:00.000Z',
    baseUri: '',
    path: '',
    priority,
  };
}

/** Inputs of `buildUniverse`: one index for each codename. */
export function makeInputs(lines: Readonly<Record<string, UniverseLine>>): { index: VerifiedIndex; text: Buffer }[] {
  return Object.entries(lines).map(([codename, line]) => ({
    index: makeIndex(codename),
    text: Buffer.from(packagesText(line)),
  }));
}

export function makeUniverse(line: UniverseLine): Universe {
  return buildUniverse(makeInputs({ bookworm: line }), 'amd64');
}

export function makeResolution(changes: Partial<Resolution> = {}): Resolution {
  return {
    include: [],
    includeFiles: [],
    exclude: [],
    prefer: [],
    avoid: [],
    pin: {},
    recommends: false,
    substitutes: false,
    objective: 'installed-size',
    ...changes,
  };
}

export function makeRoots(relations: readonly string[]): Root[] {
  return relations.map((relation) => ({ relation, why: { kind: 'spec', field: 'application.packages' } }));
}
