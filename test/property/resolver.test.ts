import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseRelations } from '../../src/formats/debian/relation.ts';
import { readArchive } from '../../src/resolver/proof/check-clauses.ts';
import { checkProof } from '../../src/resolver/proof/check-proof.ts';
import { statedRoots } from '../../src/resolver/request.ts';
import { type ResolveOutcome, resolve } from '../../src/resolver/resolve.ts';
import { buildUniverse, type Universe } from '../../src/resolver/universe/universe.ts';
import { isValid, leastByTrying } from '../support/brute-force.ts';
import { makeIndex, makeResolution, makeRoots, packagesText, type UniverseLine } from '../support/universe.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
const VIRTUAL = ['v', 'w'];

const relation = fc
  .tuple(
    fc.constantFrom(...NAMES, ...VIRTUAL),
    fc.option(fc.constantFrom('(>= 2)', '(<< 2)', '(= 1)', '(>= 1)'), { freq: 3 }),
  )
  .map(([name, constraint]) => (constraint === null ? name : `${name} ${constraint}`));
const group = fc.array(relation, { minLength: 1, maxLength: 3 }).map((it) => it.join(' | '));
const stanza = fc.record({
  version: fc.constantFrom('1', '2'),
  depends: fc.array(group, { maxLength: 3 }),
  conflicts: fc.array(relation, { maxLength: 1 }),
  provides: fc.array(fc.constantFrom('v', 'w (= 1)', 'w (= 2)', 'a', 'b (= 2)'), { maxLength: 1 }),
  size: fc.integer({ min: 0, max: 5 }),
});

const universeLine = fc
  .array(stanza, { minLength: 1, maxLength: NAMES.length })
  .map(
    (stanzas): UniverseLine =>
      Object.fromEntries(
        stanzas.map(({ version, depends, conflicts, provides, size }, i) => [
          `${NAMES[i]} ${version}`,
          `${depends.join(', ')}; size ${size}${conflicts.map((it) => `; conflicts ${it}`).join('')}${provides.map((it) => `; provides ${it}`).join('')}`,
        ]),
      ),
  );
const roots = fc.array(
  group.filter((it) => !it.includes('|')),
  { minLength: 1, maxLength: 2 },
);

const answer = (universe: Universe, wanted: readonly string[]): ResolveOutcome =>
  resolve(universe, { roots: makeRoots(wanted), resolution: makeResolution(), prove: true });

const open = (text: string): Universe =>
  buildUniverse([{ index: makeIndex('bookworm'), text: Buffer.from(text) }], 'amd64');

const names = (outcome: ResolveOutcome): string[] | undefined =>
  outcome.kind === 'resolved' ? outcome.packages.map((it) => it.name) : undefined;

test('the answer is the one that trying all sets finds, and its proof holds', () => {
  fc.assert(
    fc.property(universeLine, roots, (line, wanted) => {
      const text = packagesText(line);
      const universe = open(text);
      const outcome = answer(universe, wanted);
      expect(names(outcome)).toEqual(
        leastByTrying(
          universe,
          wanted.map((it) => [parseRelations(it, 'root')[0]![0]!]),
        ),
      );
      if (outcome.kind === 'unsatisfiable') {
        expect(outcome.explanation.length).toBeGreaterThan(0);
        return;
      }
      const archive = readArchive([{ index: makeIndex('bookworm'), text: Buffer.from(text) }], 'amd64');
      const claim = { roots: [...new Set(wanted)], resolution: makeResolution(), packages: outcome.packages };
      expect(checkProof(archive, claim, outcome.proof!)).toEqual({ kind: 'proven' });
    }),
    { numRuns: 400, seed: 11 },
  );
});

const will = fc.record({
  avoid: fc.subarray(NAMES, { maxLength: 2 }),
  include: fc.subarray(NAMES.slice(0, 3), { maxLength: 1 }),
  prefer: fc.subarray(NAMES, { maxLength: 2 }),
  exclude: fc.subarray(NAMES.slice(4), { maxLength: 1 }),
  recommends: fc.oneof(fc.boolean(), fc.subarray(NAMES, { maxLength: 3 })),
  substitutes: fc.boolean(),
  objective: fc.constantFrom('installed-size' as const, 'packages' as const, 'download-size' as const),
});

test('whatever the user wants, the checker finds that nothing is better', () => {
  const recommended = fc
    .tuple(universeLine, fc.array(group, { maxLength: NAMES.length }))
    .map(([line, wishes]) =>
      Object.fromEntries(
        Object.entries(line).map(([key, value], i) => [key, wishes[i] ? `${value}; recommends ${wishes[i]}` : value]),
      ),
    );
  fc.assert(
    fc.property(recommended, roots, will, (line, wanted, changes) => {
      const resolution = makeResolution(changes);
      const inputs = [{ index: makeIndex('bookworm'), text: Buffer.from(packagesText(line)) }];
      const request = { roots: makeRoots(wanted), resolution, prove: true };
      const outcome = resolve(buildUniverse(inputs, 'amd64'), request);
      if (outcome.kind === 'unsatisfiable') return;
      const relations = statedRoots(request).map((it) => it.relation);
      const claim = { roots: relations, resolution, packages: outcome.packages };
      expect(checkProof(readArchive(inputs, 'amd64'), claim, outcome.proof!)).toEqual({ kind: 'proven' });
    }),
    { numRuns: 400, seed: 15 },
  );
});

test('the order of stanzas does not matter', () => {
  fc.assert(
    fc.property(universeLine, roots, fc.infiniteStream(fc.nat()), (line, wanted, keys) => {
      const shuffled = Object.entries(line)
        .map((entry) => ({ entry, key: keys.next().value as number }))
        .sort((a, b) => a.key - b.key)
        .map(({ entry }) => entry);
      const again = answer(open(packagesText(Object.fromEntries(shuffled))), wanted);
      expect(again).toEqual(answer(open(packagesText(line)), wanted));
    }),
    { numRuns: 200, seed: 12 },
  );
});

test('every package but a root is needed', () => {
  fc.assert(
    fc.property(universeLine, roots, (line, wanted) => {
      const universe = open(packagesText(line));
      const outcome = answer(universe, wanted);
      if (outcome.kind === 'unsatisfiable') return;
      const groups = wanted.map((it) => parseRelations(it, 'root')[0]!);
      const set = outcome.packages.map((it) => universe.candidate(it.name)!);
      expect(isValid(universe, set, groups)).toBe(true);
      for (const it of set)
        expect(
          isValid(
            universe,
            set.filter((other) => other !== it),
            groups,
          ),
        ).toBe(false);
    }),
    { numRuns: 200, seed: 13 },
  );
});

test('a package whose name is neither there nor provided cannot make the answer larger', () => {
  fc.assert(
    fc.property(universeLine, stanza, roots, (line, more, wanted) => {
      const before = answer(open(packagesText(line)), wanted);
      const known = Object.values(line).join(' ');
      const provides = more.provides.filter(
        (it) => !Object.keys(line).some((key) => key.startsWith(it[0]!)) && !known.includes(`provides ${it[0]}`),
      );
      const added = {
        [`zz ${more.version}`]: `${more.depends.join(', ')}; size 0${provides.map((it) => `; provides ${it}`).join('')}`,
      };
      const after = answer(open(packagesText({ ...line, ...added })), wanted);
      if (before.kind === 'unsatisfiable') return;
      expect(after.kind).toBe('resolved');
      if (after.kind === 'resolved') expect(after.installedSizeKiB).toBeLessThanOrEqual(before.installedSizeKiB);
    }),
    { numRuns: 200, seed: 14 },
  );
});
