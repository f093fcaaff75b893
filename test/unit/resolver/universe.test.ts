import { expect, test } from 'vitest';
import { KilnError } from '../../../src/model/error.ts';
import { buildUniverse } from '../../../src/resolver/universe/universe.ts';
import { makeIndex, makeInputs, makeUniverse } from '../../support/universe.ts';

const open = (text: string) => buildUniverse([{ index: makeIndex('bookworm'), text: Buffer.from(text) }], 'amd64');

test('a record has what is needed to fetch and verify the package', () => {
  const text = `Package: nginx
Source: nginx-src (1.2)
Version: 1.2+b1
Architecture: amd64
Essential: yes
Installed-Size: 1336
Size: 532468
SHA256: ${'a'.repeat(64)}
Filename: pool/n.deb
Description: web
 server
`;
  expect(open(text).candidate('nginx')).toEqual({
    name: 'nginx',
    version: '1.2+b1',
    architecture: 'amd64',
    source: { name: 'nginx-src', version: '1.2' },
    essential: true,
    installedSizeKiB: 1336,
    sizeBytes: 532468,
    sha256: 'a'.repeat(64),
    filename: 'pool/n.deb',
    index: 0,
  });
});

test('fields are found in any case and order, over several lines', () => {
  const universe = open('architecture: all\nVERSION: 2\nDepends: b,\n c (>= 1)\npackage: a\n');
  const record = universe.candidate('a')!;
  expect(record.version).toBe('2');
  expect(universe.relations(record, 'Depends').map(([it]) => it!.name)).toEqual(['b', 'c']);
});

test.each([
  {
    summary: 'no Version',
    text: 'Package: a\nVersion: 1\nArchitecture: all\n\nPackage: b\nArchitecture: all\n',
    message: 'bookworm/main, line 5: the stanza of b has no Version',
  },
  {
    summary: 'no Package',
    text: 'Version: 1\nArchitecture: all\n',
    message: 'bookworm/main, line 1: the stanza has no Package',
  },
  {
    summary: 'no Architecture',
    text: 'Package: a\nVersion: 1\n',
    message: 'bookworm/main, line 1: the stanza of a has no Architecture',
  },
  {
    summary: 'a Provides that is no relation',
    text: 'Package: a\nVersion: 1\nArchitecture: all\nProvides: b (1)\n',
    message: 'bookworm/main, package a, field Provides: "b (1)" is not a relation',
  },
])('a stanza with $summary is a fault that names index and line', ({ text, message }) => {
  expect(() => open(text)).toThrow(KilnError);
  expect(() => open(text)).toThrow(message);
});

test.each([
  {
    summary: 'a size that is no number',
    field: 'Installed-Size: many',
    message: 'bookworm/main, package a, field Installed-Size: "many" is not a number',
  },
  {
    summary: 'a Depends that is no relation',
    field: 'Depends: b c',
    message: 'bookworm/main, package a, field Depends: "b c" is not a relation',
  },
])('$summary is a fault once the package is asked for', ({ field, message }) => {
  const universe = open(`Package: a\nVersion: 1\nArchitecture: all\n${field}\n`);
  expect(() => universe.relations(universe.candidate('a')!, 'Depends')).toThrow(message);
});

test('stanzas of another architecture are left out, and counted', () => {
  const universe = open('Package: a\nVersion: 1\nArchitecture: i386\n\nPackage: b\nVersion: 1\nArchitecture: all\n');
  expect([...universe.names()]).toEqual(['b']);
  expect(universe.warnings).toEqual(['bookworm/main: 1 stanzas are for another architecture']);
});

test('a stanza that is there twice is counted', () => {
  const universe = makeUniverse({ a: '', 'a#2': '' });
  expect(universe.versions('a')).toHaveLength(2);
  expect(universe.warnings).toEqual(['1 stanzas are there twice in one index']);
});

test('providers of a name, with versions', () => {
  const universe = makeUniverse({ a: '; provides v', b: '; provides v (= 2), w', v: '' });
  expect(universe.providers('v').map((it) => [it.record.name, it.version])).toEqual([
    ['a', undefined],
    ['b', '2'],
  ]);
  expect(universe.candidate('w')).toBeUndefined();
});

test.each([
  { typed: 'ngnix', want: ['nginx'] },
  { typed: 'redis', want: ['redis-server'] },
  { typed: 'zzzzzzz', want: [] },
])('nearest names of $typed', ({ typed, want }) => {
  expect(makeUniverse({ nginx: '', 'redis-server': '', postgresql: '' }).nearest(typed)).toEqual(want);
});

test('an empty index is an empty universe', () => {
  expect(buildUniverse(makeInputs({ bookworm: {} }), 'amd64').size).toBe(0);
});
