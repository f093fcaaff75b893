import { expect, test } from 'vitest';
import { compareVersions, satisfies } from '../../../src/formats/debian/version.ts';
import type { VersionOperator } from '../../../src/model/relation.ts';

test.each([
  { summary: 'a tilde sorts before the end', older: '1.0~rc1', newer: '1.0' },
  { summary: 'two tildes sort before one', older: '1.0~~', newer: '1.0~' },
  { summary: 'an epoch outweighs everything', older: '9.9', newer: '1:0.1' },
  { summary: 'numbers compare by value', older: '1.9', newer: '1.10' },
  {
    summary: 'numbers beyond 64 bits keep their digits',
    older: '1.99999999999999999998',
    newer: '1.99999999999999999999',
  },
  { summary: 'letters sort before other characters', older: '1.0a', newer: '1.0+' },
  { summary: 'a revision decides last', older: '1.0-1', newer: '1.0-2' },
  { summary: 'no revision sorts before revision 1', older: '1.0', newer: '1.0-1' },
  { summary: 'a dash in the upstream version belongs to it', older: '1-1-1', newer: '1-2-1' },
  { summary: 'a security update is newer than its base', older: '2.36-9+deb12u1', newer: '2.36-9+deb12u10' },
  { summary: 'a backport is older than what it backports', older: '252.5-2~bpo11+1', newer: '252.5-2' },
])('$summary', ({ older, newer }) => {
  expect(compareVersions(older, newer)).toBeLessThan(0);
  expect(compareVersions(newer, older)).toBeGreaterThan(0);
});

test.each([
  ['1.0', '1.0-0'],
  ['0:1.0', '1.0'],
  ['1.00', '1.0'],
  ['1.0', '1.0-'],
])('%s and %s are the same version', (a, b) => {
  expect(compareVersions(a, b)).toBe(0);
});

test.each<[string, VersionOperator, string, boolean]>([
  ['1.0', '<<', '1.0', false],
  ['1.0', '<=', '1.0', true],
  ['1.0', '=', '1.0-0', true],
  ['1.1', '>=', '1.0', true],
  ['1.0', '>>', '1.0', false],
  ['1.0~', '<<', '1.0', true],
])('%s %s %s is %s', (version, operator, wanted, holds) => {
  expect(satisfies(version, { operator, version: wanted })).toBe(holds);
});

test('no constraint is met by every version', () => {
  expect(satisfies('0', undefined)).toBe(true);
});
