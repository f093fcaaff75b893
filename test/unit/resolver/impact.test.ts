import { expect, test } from 'vitest';
import type { Resolution } from '../../../src/model/spec.ts';
import { type Impact, impactOf } from '../../../src/resolver/impact/impact.ts';
import type { ImpactImage } from '../../../src/resolver/impact/impact-images.ts';
import { resolve } from '../../../src/resolver/resolve.ts';
import type { Universe } from '../../../src/resolver/universe/universe.ts';
import { differenceOf } from '../../../src/resolver/universe/universe-difference.ts';
import { updatedUniverse } from '../../../src/resolver/universe/updated-universe.ts';
import { makeResolution, makeRoots, makeUniverse, type UniverseLine } from '../../support/universe.ts';

function lock(universe: Universe, roots: readonly string[], resolution: Partial<Resolution> = {}): ImpactImage {
  const request = { roots: makeRoots(roots), resolution: makeResolution(resolution) };
  const outcome = resolve(universe, request);
  if (outcome.kind !== 'resolved') throw new Error('internal: the example resolves');
  return { name: roots.join('+'), ...request, closure: outcome.packages };
}

const since = (before: Universe, after: Universe) => ({ isUntouched: differenceOf(before, after).isUntouched });

const tell = ({ cause, changes }: Impact): string =>
  [cause, ...changes.map((it) => `${it.name} ${it.before ?? '-'} → ${it.after ?? '-'}`)].join('; ');

interface Row {
  readonly summary: string;
  readonly before: UniverseLine;
  readonly after: UniverseLine;
  readonly resolution?: Partial<Resolution>;
  /** undefined: the image does not change. */
  readonly want: string | undefined;
}

const rows: Row[] = [
  { summary: 'nothing changed', before: { a: 'b', b: '' }, after: { a: 'b', b: '' }, want: undefined },
  {
    summary: 'a locked package was updated',
    before: { a: 'b', b: '' },
    after: { a: 'b', 'b 2': '' },
    want: 'updated; b 1 → 2',
  },
  {
    summary: 'a package that nobody has was updated',
    before: { a: '', z: '' },
    after: { a: '', 'z 2': '' },
    want: undefined,
  },
  {
    summary: 'an alternative was updated and is still larger',
    before: { a: 'b | c', b: '', c: '; size 5' },
    after: { a: 'b | c', b: '', 'c 2': '; size 4' },
    want: undefined,
  },
  {
    summary: 'an alternative became the better one',
    before: { a: 'b | c', b: '; size 3', c: '; size 5' },
    after: { a: 'b | c', b: '; size 3', 'c 2': '; size 2' },
    want: 'better; b 1 → -; c - → 2',
  },
  {
    summary: 'a new package is the better alternative',
    before: { a: 'b | c', b: '; size 3' },
    after: { a: 'b | c', b: '; size 3', c: '' },
    want: 'better; b 1 → -; c - → 1',
  },
  {
    summary: 'a new package provides the name more cheaply',
    before: { a: 'v', b: '; provides v; size 3' },
    after: { a: 'v', b: '; provides v; size 3', c: '; provides v' },
    want: 'better; b 1 → -; c - → 1',
  },
  {
    summary: 'a package of the name itself comes',
    before: { a: 'v', b: '; provides v' },
    after: { a: 'v', b: '; provides v', v: '; size 9' },
    want: 'better; b 1 → -; v - → 1',
  },
  {
    summary: 'a locked package was removed, another takes its place',
    before: { a: 'b | c', b: '', c: '; size 5' },
    after: { a: 'b | c', c: '; size 5' },
    want: 'updated; b 1 → -; c - → 1',
  },
  {
    summary: 'a locked package was removed for good',
    before: { a: 'b', b: '' },
    after: { a: 'b' },
    want: 'unsatisfiable; b 1 → -',
  },
  {
    summary: 'an update brings a package along',
    before: { a: 'b', b: '', c: '' },
    after: { a: 'b', 'b 2': 'c', c: '' },
    want: 'updated; b 1 → 2; c - → 1',
  },
  {
    summary: 'something deep below an alternative changed',
    before: { a: 'b | c', b: '; size 3', c: 'd', d: '; size 5' },
    after: { a: 'b | c', b: '; size 3', c: 'd', 'd 2': '' },
    want: 'better; b 1 → -; c - → 1; d - → 2',
  },
  {
    summary: 'an alternative that had no package comes, below one that stays',
    before: { a: 'b | c', b: '; size 3', c: 'd' },
    after: { a: 'b | c', b: '; size 3', c: 'd', d: '' },
    want: 'better; b 1 → -; c - → 1; d - → 1',
  },
  {
    summary: 'what kept the least set from being valid is gone for good',
    before: { a: 'b | c', b: '; size 3', c: 'd', d: 'e', e: '; size 5' },
    after: { a: 'b | c', b: '; size 3', c: 'd', d: 'e' },
    want: undefined,
  },
  {
    summary: 'a package that alone had a name goes, and with it what Depended on it',
    before: { a: 'b | c', b: 'v', c: '; size 5', e: '; provides v' },
    after: { a: 'b | c', b: 'v', c: '; size 5' },
    want: 'updated; b 1 → -; c - → 1; e 1 → -',
  },
  {
    summary: 'a pinned package was updated elsewhere',
    before: { a: 'b', b: '' },
    after: { a: 'b', b: '', 'b#2 2': '' },
    resolution: { pin: { b: '1' } },
    want: undefined,
  },
];

test.each(rows)('$summary', ({ before, after, resolution, want }) => {
  const old = makeUniverse(before);
  const image = lock(old, ['a'], resolution);
  const withBefore = [
    ...impactOf([image], makeUniverse(after), { ...since(old, makeUniverse(after)), complete: true }),
  ].map(tell);
  const without = [...impactOf([image], makeUniverse(after), { complete: true })].map(tell);
  expect(withBefore).toEqual(want === undefined ? [] : [want]);
  expect(without).toEqual(withBefore);
  // Without resolving what surely changes the same images are named.
  expect([...impactOf([image], makeUniverse(after), since(old, makeUniverse(after)))].map((it) => it.image)).toEqual(
    want === undefined ? [] : ['a'],
  );
});

test('packages that are in for evidence or to boot count by their version', () => {
  const after = makeUniverse({ a: '', 'dash 2': '' });
  const image = { ...lock(makeUniverse({ a: '' }), ['a']), others: [{ name: 'dash', version: '1' }] };
  expect([...impactOf([image], after)]).toEqual([
    { image: 'a', cause: 'updated', changes: [{ name: 'dash', before: '1', after: '2' }], unread: ['dash'] },
  ]);
});

test('what an update to a version would touch, before any index has it', () => {
  const universe = makeUniverse({ a: 'b', b: '', c: 'd (<< 2)', d: '', e: '' });
  const images = [lock(universe, ['a']), lock(universe, ['c']), lock(universe, ['e'])];
  const updated = updatedUniverse(universe, { b: '1.1', d: '2', nobody: '3' });
  expect([...impactOf(images, updated, { complete: true })].map((it) => `${it.image}: ${tell(it)}`)).toEqual([
    'a: updated; b 1 → 1.1',
    'c: unsatisfiable; d 1 → 2',
  ]);
});
