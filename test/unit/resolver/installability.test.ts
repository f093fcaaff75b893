import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkInstallability } from '../../../src/resolver/installability.ts';
import { resolve } from '../../../src/resolver/resolve.ts';
import { makeResolution, makeRoots, makeUniverse, type UniverseLine } from '../../support/universe.ts';

const plain = { pin: {}, substitutes: false };

test.each<{ summary: string; universe: UniverseLine; want: string[] }>([
  { summary: 'everything fits', universe: { a: 'b', b: 'a | c', c: '' }, want: [] },
  {
    summary: 'what needs something missing, and what needs that',
    universe: { a: 'b', b: 'gone', c: 'a | d', d: '' },
    want: ['a', 'b'],
  },
  { summary: 'what needs two that conflict', universe: { a: 'b, c', b: '; conflicts c', c: '' }, want: ['a'] },
  {
    summary: 'a conflict that another alternative avoids',
    universe: { a: 'b, c | d', b: '; conflicts c', c: '', d: '' },
    want: [],
  },
  {
    summary: 'a conflict that only the first package of a group shows',
    universe: { a: 'b | c, d', b: 'e', c: '', d: '; conflicts e', e: '' },
    want: [],
  },
  { summary: 'what breaks what it needs', universe: { a: 'b', b: '; breaks a' }, want: ['a'] },
  { summary: 'a cycle', universe: { a: 'b', b: 'a' }, want: [] },
])('$summary', ({ universe, want }) => {
  const { checked, broken } = checkInstallability(makeUniverse(universe), plain);
  expect(checked).toBe(Object.keys(universe).length);
  expect(broken.map((it) => it.package.name)).toEqual(want);
  for (const { explanation } of broken) expect(explanation.length).toBeGreaterThan(0);
});

test('a provider may stand in where substitutes are allowed', () => {
  const universe = makeUniverse({ a: 'v', v: 'gone', p: '; provides v' });
  expect(checkInstallability(universe, plain).broken.map((it) => it.package.name)).toEqual(['a', 'v']);
  expect(checkInstallability(universe, { ...plain, substitutes: true }).broken.map((it) => it.package.name)).toEqual([
    'v',
  ]);
});

test('says of each package what resolving it alone says', () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  const group = fc
    .array(fc.constantFrom(...names, 'v', 'gone'), { minLength: 1, maxLength: 2 })
    .map((it) => it.join(' | '));
  const more = fc.constantFrom('', '; provides v', '; conflicts v', '; conflicts a', '; breaks b');
  const stanza = fc
    .tuple(fc.array(group, { maxLength: 3 }), more)
    .map(([depends, extra]) => `${depends.join(', ')}${extra}`);
  fc.assert(
    fc.property(fc.array(stanza, { minLength: 2, maxLength: names.length }), (stanzas) => {
      const universe = makeUniverse(Object.fromEntries(stanzas.map((it, i) => [names[i], it])));
      const alone = (name: string) => resolve(universe, { roots: makeRoots([name]), resolution: makeResolution() });
      const want = [...universe.names()].filter((name) => alone(name).kind === 'unsatisfiable');
      expect(checkInstallability(universe, plain).broken.map((it) => it.package.name)).toEqual(want);
    }),
    { numRuns: 300, seed: 31 },
  );
});
