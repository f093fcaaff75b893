import { expect, test } from 'vitest';
import { KilnError } from '../../../src/model/error.ts';
import type { Resolution } from '../../../src/model/spec.ts';
import { type ResolveOutcome, resolve } from '../../../src/resolver/resolve.ts';
import { buildUniverse } from '../../../src/resolver/universe/universe.ts';
import { makeInputs, makeResolution, makeRoots, makeUniverse, type UniverseLine } from '../../support/universe.ts';

interface Row {
  readonly summary: string;
  readonly universe: UniverseLine;
  readonly roots?: readonly string[];
  readonly resolution?: Partial<Resolution>;
  /** Names of the answer; `undefined`: there is none. */
  readonly want: readonly string[] | undefined;
}

const names = (outcome: ResolveOutcome): string[] | undefined =>
  outcome.kind === 'resolved' ? outcome.packages.map((it) => it.name) : undefined;

const relations: Row[] = [
  {
    summary: 'follows Depends and Pre-Depends',
    universe: { a: 'b; pre c', b: '', c: 'd', d: '' },
    want: ['a', 'b', 'c', 'd'],
  },
  {
    summary: 'takes the second alternative when the first is absent',
    universe: { a: 'b | c', c: '' },
    want: ['a', 'c'],
  },
  {
    summary: 'takes the smaller alternative, not the first',
    universe: { a: 'b | c', b: '; size 9', c: '' },
    want: ['a', 'c'],
  },
  {
    summary: 'counts what an alternative brings along',
    universe: { a: 'b | c', b: 'd', c: '; size 5', d: '; size 9' },
    want: ['a', 'c'],
  },
  {
    summary: 'shares a package between two choices',
    universe: { a: 'b | c, b | d', b: '; size 3', c: '; size 2', d: '; size 2' },
    want: ['a', 'b'],
  },
  {
    summary: 'of equal sizes takes fewer packages',
    universe: { a: 'b | c', b: 'd', c: '; size 2', d: '' },
    want: ['a', 'c'],
  },
  {
    summary: 'of equal sets takes the names that come first',
    universe: { a: 'c | b', b: '', c: '' },
    want: ['a', 'b'],
  },
  { summary: 'meets cycles', universe: { a: 'b', b: 'a' }, want: ['a', 'b'] },
  { summary: 'obeys versions', universe: { a: 'b (>= 2) | c', 'b 1.9': '', c: '; size 9' }, want: ['a', 'c'] },
  { summary: 'a tilde version is older', universe: { a: 'b (>= 2)', 'b 2~rc1': '' }, want: undefined },
  { summary: 'an epoch is newer', universe: { a: 'b (>= 9)', 'b 1:1': '' }, want: ['a', 'b'] },
  { summary: 'no package there or provided', universe: { a: 'b' }, want: undefined },
];

const virtual: Row[] = [
  {
    summary: 'a virtual package, smallest provider',
    universe: { a: 'v', b: '; provides v; size 2', c: '; provides v' },
    want: ['a', 'c'],
  },
  {
    summary: 'the package itself beats a provider',
    universe: { a: 'v', v: '; size 9', c: '; provides v' },
    want: ['a', 'v'],
  },
  {
    summary: 'a provider stands in where substitutes are allowed',
    universe: { a: 'v', v: '; size 9', c: '; provides v' },
    resolution: { substitutes: true },
    want: ['a', 'c'],
  },
  {
    summary: 'a provider stands in where the version does not fit',
    universe: { a: 'v (>= 2)', v: '', c: '; provides v (= 2)' },
    want: ['a', 'c'],
  },
  {
    summary: 'an unversioned Provides meets no version',
    universe: { a: 'v (>= 2)', c: '; provides v' },
    want: undefined,
  },
  { summary: 'a package meets its own relation', universe: { a: 'v; provides v' }, want: ['a'] },
  {
    summary: 'any asks for Multi-Arch allowed',
    universe: { a: 'b:any, c:any', b: '; multi allowed', c: '; multi foreign' },
    want: undefined,
  },
  { summary: 'any is met by Multi-Arch allowed', universe: { a: 'b:any', b: '; multi allowed' }, want: ['a', 'b'] },
  { summary: 'our own architecture as a qualifier', universe: { a: 'b:amd64', b: '' }, want: ['a', 'b'] },
  { summary: 'another architecture as a qualifier', universe: { a: 'b:i386', b: '' }, want: undefined },
];

const conflicts: Row[] = [
  {
    summary: 'a conflict rules an alternative out',
    universe: { a: 'b | c', b: '; conflicts a', c: '; size 9' },
    want: ['a', 'c'],
  },
  { summary: 'Breaks does as well', universe: { a: 'b | c', b: '; breaks a (<< 2)', c: '; size 9' }, want: ['a', 'c'] },
  {
    summary: 'a conflict with another version does nothing',
    universe: { a: 'b', b: '; conflicts a (<< 1)' },
    want: ['a', 'b'],
  },
  {
    summary: 'a conflict strikes those that Provide the name',
    universe: { a: 'b, c', b: '; provides v', c: '; conflicts v' },
    want: undefined,
  },
  {
    summary: 'but not the one that declares it',
    universe: { a: 'b', b: '; provides v; conflicts v' },
    want: ['a', 'b'],
  },
  {
    summary: 'a versioned conflict needs a versioned Provides',
    universe: { a: 'b, c', b: '; provides v', c: '; conflicts v (<< 9)' },
    want: ['a', 'b', 'c'],
  },
  {
    summary: 'a conflict with another architecture does nothing',
    universe: { a: 'b', b: '; conflicts a:i386' },
    want: ['a', 'b'],
  },
  { summary: 'two roots in conflict', universe: { a: '; conflicts b', b: '' }, roots: ['a', 'b'], want: undefined },
];

const will: Row[] = [
  {
    summary: 'exclude',
    universe: { a: 'b | c', b: '', c: '; size 9' },
    resolution: { exclude: ['b'] },
    want: ['a', 'c'],
  },
  {
    summary: 'exclude of what must be in',
    universe: { a: 'b', b: '' },
    resolution: { exclude: ['b'] },
    want: undefined,
  },
  { summary: 'include', universe: { a: '', b: 'c', c: '' }, resolution: { include: ['b'] }, want: ['a', 'b', 'c'] },
  {
    summary: 'prefer outweighs size',
    universe: { a: 'b | c', b: '; size 9', c: '' },
    resolution: { prefer: ['b'] },
    want: ['a', 'b'],
  },
  {
    summary: 'prefer brings nothing in that is not asked for',
    universe: { a: 'c', b: '', c: '' },
    resolution: { prefer: ['b'] },
    want: ['a', 'c'],
  },
  {
    summary: 'prefer gives way where it cannot be',
    universe: { a: 'b | c', b: '; conflicts a', c: '' },
    resolution: { prefer: ['b'] },
    want: ['a', 'c'],
  },
  {
    summary: 'avoid outweighs size',
    universe: { a: 'b | c', b: '', c: '; size 9' },
    resolution: { avoid: ['b'] },
    want: ['a', 'c'],
  },
  {
    summary: 'avoid gives way where there is no other',
    universe: { a: 'b', b: '' },
    resolution: { avoid: ['b'] },
    want: ['a', 'b'],
  },
  { summary: 'Recommends are not followed', universe: { a: '; recommends b', b: '' }, want: ['a'] },
  {
    summary: 'Recommends of all',
    universe: { a: '; recommends b', b: '; recommends c', c: '' },
    resolution: { recommends: true },
    want: ['a', 'b', 'c'],
  },
  {
    summary: 'Recommends of one',
    universe: { a: '; recommends b', b: '; recommends c', c: '' },
    resolution: { recommends: ['a'] },
    want: ['a', 'b'],
  },
  {
    summary: 'a Recommends that cannot be is given up',
    universe: { a: '; recommends b, c', b: '; conflicts a', c: '' },
    resolution: { recommends: true },
    want: ['a', 'c'],
  },
  {
    summary: 'fewest packages',
    universe: { a: 'b | c', b: 'd', c: '; size 99', d: '' },
    resolution: { objective: 'packages' },
    want: ['a', 'c'],
  },
  {
    summary: 'smallest download',
    universe: { a: 'b | c', b: '; download 9000', c: '; size 99; download 1' },
    resolution: { objective: 'download-size' },
    want: ['a', 'c'],
  },
];

test.each([...relations, ...virtual, ...conflicts, ...will])(
  '$summary',
  ({ universe, roots = ['a'], resolution, want }) => {
    const outcome = resolve(makeUniverse(universe), {
      roots: makeRoots(roots),
      resolution: makeResolution(resolution),
    });
    expect(names(outcome)).toEqual(want);
  },
);

test('the objective vulnerabilities takes what has fewer', () => {
  const universe = makeUniverse({ a: 'b | c', b: '', c: '; size 99' });
  const resolution = makeResolution({ objective: 'vulnerabilities' });
  const weights = new Map([['b@1', 7]]);
  expect(names(resolve(universe, { roots: makeRoots(['a']), resolution, weights }))).toEqual(['a', 'c']);
});

const twoSuites = () =>
  buildUniverse(
    makeInputs({ bookworm: { 'a 1': 'b', 'b 1': '' }, 'bookworm-security': { 'b 2': 'c', c: '' } }),
    'amd64',
  );

test.each<{ summary: string; pin: Record<string, string>; want: string[] }>([
  { summary: 'the newest version of several indexes', pin: {}, want: ['a 1', 'b 2', 'c 1'] },
  { summary: 'a pinned version', pin: { b: '1' }, want: ['a 1', 'b 1'] },
  { summary: 'a pinned release', pin: { b: 'release=bookworm' }, want: ['a 1', 'b 1'] },
])('$summary', ({ pin, want }) => {
  const outcome = resolve(twoSuites(), { roots: makeRoots(['a']), resolution: makeResolution({ pin }) });
  expect(outcome.kind === 'resolved' && outcome.packages.map((it) => `${it.name} ${it.version}`)).toEqual(want);
});

test('a higher priority outweighs a newer version', () => {
  const [main, security] = makeInputs({ bookworm: { 'a 1': '' }, backports: { 'a 2': '' } });
  const universe = buildUniverse([main!, { ...security!, index: { ...security!.index, priority: 100 } }], 'amd64');
  expect(universe.candidate('a')?.version).toBe('1');
});

test.each([
  {
    summary: 'a pin that no source has',
    request: { pin: { b: '3' } },
    message: 'pin of b to 3: these sources have no such package',
  },
  {
    summary: 'a root that cannot be read',
    request: { include: ['b (= )'] },
    message: '"b (= )" is not a package, nor a package with a version',
  },
])('$summary is a fault of the spec', ({ request, message }) => {
  const attempt = () => resolve(twoSuites(), { roots: makeRoots(['a']), resolution: makeResolution(request) });
  expect(attempt).toThrow(KilnError);
  expect(attempt).toThrow(message);
});

test.each([
  { summary: 'of two', universe: { a: 'b', b: '; pre c', c: '; pre b' }, cycle: 'b → c → b' },
  { summary: 'of one through Depends is none', universe: { a: 'b; pre c', b: 'a', c: '' }, cycle: undefined },
  {
    summary: 'with a way out is none',
    universe: { a: 'd, c; pre b | d', b: '; pre a', c: 'b', d: '' },
    cycle: undefined,
  },
])('a cycle of Pre-Depends $summary', ({ universe, cycle }) => {
  const attempt = () =>
    resolve(makeUniverse(universe as UniverseLine), { roots: makeRoots(['a']), resolution: makeResolution() });
  if (cycle === undefined) expect(attempt().kind).toBe('resolved');
  else expect(attempt).toThrow(`bookworm/main, package b, field Pre-Depends: ${cycle} is a cycle`);
});

test('each package says all that asks for it, roots first', () => {
  const universe = makeUniverse({ a: 'b, c | d', b: 'c (>= 1)', c: '', d: '; size 9' });
  const outcome = resolve(universe, { roots: makeRoots(['a', 'c']), resolution: makeResolution() });
  expect(outcome.kind === 'resolved' && outcome.packages.find((it) => it.name === 'c')?.why).toEqual([
    { kind: 'spec', field: 'application.packages' },
    { kind: 'relation', by: 'a', field: 'Depends', relation: 'c | d' },
    { kind: 'relation', by: 'b', field: 'Depends', relation: 'c (>= 1)' },
  ]);
});

test('a time limit that is over still gives a valid set, and says that it is not proven', () => {
  const universe = makeUniverse({ a: 'b | c, d | e', b: '', c: '', d: '', e: '; conflicts b' });
  const outcome = resolve(universe, { roots: makeRoots(['a']), resolution: makeResolution(), timeLimitMs: -1 });
  expect(outcome).toMatchObject({ kind: 'resolved', proven: false });
  if (outcome.kind === 'resolved') expect(outcome.lowerBoundKiB).toBeLessThanOrEqual(outcome.installedSizeKiB);
});
