import fc from 'fast-check';
import { expect, test } from 'vitest';
import { impactOf } from '../../src/resolver/impact/impact.ts';
import { resolve } from '../../src/resolver/resolve.ts';
import { differenceOf } from '../../src/resolver/universe/universe-difference.ts';
import { makeResolution, makeRoots, makeUniverse } from '../support/universe.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const group = fc.array(fc.constantFrom(...NAMES, 'v'), { minLength: 1, maxLength: 3 }).map((it) => it.join(' | '));
const stanza = fc
  .tuple(
    fc.array(group, { maxLength: 2 }),
    fc.integer({ min: 1, max: 4 }),
    fc.constantFrom('', '; provides v', '; conflicts v'),
  )
  .map(([depends, size, more]) => `${depends.join(', ')}; size ${size}${more}`);
const state = fc.option(fc.tuple(fc.constantFrom('1', '2'), stanza), { freq: 6 });
const world = fc.array(state, { minLength: NAMES.length, maxLength: NAMES.length });

const universeOf = (states: readonly ([string, string] | null)[]) =>
  makeUniverse(Object.fromEntries(states.flatMap((it, i) => (it ? [[`${NAMES[i]} ${it[0]}`, it[1]]] : []))));

test('the images that impact names are those that resolve to something else', () => {
  fc.assert(
    fc.property(world, fc.array(fc.tuple(fc.nat(NAMES.length - 1), state), { maxLength: 2 }), (states, edits) => {
      const edited = states.slice();
      for (const [at, to] of edits) {
        // A package does not change under the same version: an archive never does that.
        edited[at] = to === null || to[0] !== states[at]?.[0] ? to : states[at];
      }
      const before = universeOf(states);
      const after = universeOf(edited);
      const { isUntouched } = differenceOf(before, after);
      const requests = NAMES.map((name) => ({ roots: makeRoots([name]), resolution: makeResolution() }));
      const images = requests.flatMap((request, i) => {
        const outcome = resolve(before, request);
        return outcome.kind === 'resolved' ? [{ name: NAMES[i]!, ...request, closure: outcome.packages }] : [];
      });
      const changed = images.filter((image) => {
        const outcome = resolve(after, image);
        const told = (packages: readonly { name: string; version: string }[]) =>
          packages.map((it) => `${it.name} ${it.version}`).join();
        return outcome.kind !== 'resolved' || told(outcome.packages) !== told(image.closure);
      });
      for (const options of [{}, { isUntouched }, { isUntouched, complete: true }]) {
        expect([...impactOf(images, after, options)].map((it) => it.image)).toEqual(changed.map((it) => it.name));
      }
    }),
    { numRuns: 300, seed: 21 },
  );
});
