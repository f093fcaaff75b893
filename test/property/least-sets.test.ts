import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Resolution } from '../../src/model/spec.ts';
import { leastSetsOf } from '../../src/resolver/impact/least-sets.ts';
import { resolve } from '../../src/resolver/resolve.ts';
import { makeResolution, makeRoots, makeUniverse } from '../support/universe.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
const group = fc.array(fc.constantFrom(...NAMES, 'v', 'w'), { minLength: 1, maxLength: 3 }).map((it) => it.join(' | '));
const stanza = fc
  .tuple(
    fc.array(group, { maxLength: 3 }),
    fc.integer({ min: 0, max: 4 }),
    fc.constantFrom('', '', '; provides v', '; provides w; conflicts w', '; conflicts a', '; breaks v'),
  )
  .map(([depends, size, more]) => `${depends.join(', ')}; size ${size}${more}`);
const universe = fc
  .array(stanza, { minLength: NAMES.length, maxLength: NAMES.length })
  .map((stanzas) => makeUniverse(Object.fromEntries(stanzas.map((it, i) => [NAMES[i]!, it]))));

const name = fc.constantFrom(...NAMES);
const resolution: fc.Arbitrary<Partial<Resolution>> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  fc.record({ exclude: fc.array(name, { maxLength: 2 }) }),
  fc.record({ avoid: fc.array(name, { maxLength: 3 }) }),
  fc.record({ prefer: fc.array(name, { maxLength: 3 }) }),
  fc.record({ substitutes: fc.constant(true) }),
  fc.record({ objective: fc.constantFrom('packages' as const, 'vulnerabilities' as const) }),
  fc.record({ pin: name.map((it) => ({ [it]: '1' })) }),
);
const request = fc.tuple(fc.array(name, { minLength: 1, maxLength: 4 }), resolution);
const weights = new Map([
  ['b@1', 3],
  ['d@1', 1],
]);

test('many requests together are answered as each alone', () => {
  fc.assert(
    fc.property(universe, fc.array(request, { minLength: 1, maxLength: 12 }), (world, requests) => {
      const leastSet = leastSetsOf(world);
      for (const [roots, changes] of requests) {
        const asked = { roots: makeRoots(roots), resolution: makeResolution(changes), weights };
        const [alone, together] = [resolve(world, asked), leastSet(asked)];
        expect(together.kind).toBe(alone.kind);
        if (alone.kind !== 'resolved' || together.kind !== 'resolved') continue;
        expect(together.packages.map((it) => it.name).sort()).toEqual(alone.packages.map((it) => it.name));
      }
    }),
    { numRuns: 400, seed: 8 },
  );
});
