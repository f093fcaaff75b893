import { expect, test } from 'vitest';
import { digestOf } from '../../../src/model/canonical.ts';
import type { Resolution } from '../../../src/model/spec.ts';
import { readArchive } from '../../../src/resolver/proof/check-clauses.ts';
import { checkProof } from '../../../src/resolver/proof/check-proof.ts';
import type { ProofLog, ProofNode } from '../../../src/resolver/proof/proof.ts';
import { resolve } from '../../../src/resolver/resolve.ts';
import { buildUniverse } from '../../../src/resolver/universe/universe.ts';
import { makeInputs, makeResolution, makeRoots } from '../../support/universe.ts';

// Three pairs that overlap: the linear bound has a gap, so that the proof needs a branch.
const TRIANGLE = {
  a: 'p | q, q | r, p | r',
  p: '; size 2',
  q: '; size 2',
  r: '; size 2',
  z: 'x | y',
  x: '; size 3',
  y: 'yy, yz; size 2',
  yy: '',
  yz: '',
};
const ROOTS = ['a', 'z'];

function prove(resolution: Resolution = makeResolution()) {
  const inputs = makeInputs({ bookworm: TRIANGLE });
  const outcome = resolve(buildUniverse(inputs, 'amd64'), { roots: makeRoots(ROOTS), resolution, prove: true });
  if (outcome.kind !== 'resolved') throw new Error('internal: the triangle resolves');
  const archive = readArchive(inputs, 'amd64');
  const check = (proof: ProofLog, packages: readonly { name: string; version: string }[] = outcome.packages) =>
    checkProof(archive, { roots: ROOTS, resolution, packages }, proof);
  return { proof: outcome.proof!, packages: outcome.packages, check };
}

/** A changed log with a digest that fits, so that its contents have to be judged. */
function change(
  proof: ProofLog,
  edit: (log: { components: { member: string; scale: number; tree: ProofNode }[] }) => void,
): ProofLog {
  const { digest: _, ...log } = structuredClone(proof);
  edit(log as never);
  return { ...log, digest: digestOf(log) };
}

test('a log is accepted', () => {
  const { proof, check } = prove();
  expect(check(proof)).toEqual({ kind: 'proven' });
  expect(proof.components.some((it) => it.tree.branch)).toBe(true);
});

test.each<Partial<Resolution>>([
  { avoid: ['p'] },
  { prefer: ['y'] },
  { objective: 'packages' },
  { objective: 'download-size' },
  { exclude: ['q'] },
  { substitutes: true },
])('a log under %o is accepted', (changes) => {
  const { proof, check } = prove(makeResolution(changes));
  expect(check(proof)).toEqual({ kind: 'proven' });
});

test('a log that was changed without its digest is rejected', () => {
  const { proof, check } = prove();
  expect(check({ ...proof, components: [] })).toEqual({ kind: 'rejected', reason: 'the log does not have its digest' });
});

interface Editable {
  multipliers?: Record<string, number>;
  branch?: { on: string; in: Editable; out: Editable };
}

const inTrees = (edit: (tree: Editable) => void) => (log: { components: { tree: unknown }[] }) => {
  for (const { tree } of log.components) edit(tree as Editable);
};

/** Changes every multiplier of a log. */
const inMultipliers = (edit: (multiplier: number) => number) => {
  const visit = ({ multipliers = {}, branch }: Editable): void => {
    for (const key of Object.keys(multipliers)) multipliers[key] = edit(multipliers[key]!);
    if (branch) [branch.in, branch.out].forEach(visit);
  };
  return inTrees(visit);
};

const inBranch = (changes: object) => inTrees(({ branch }) => void (branch && Object.assign(branch, changes)));

test.each<{ summary: string; edit: Parameters<typeof change>[1] }>([
  { summary: 'a part left out', edit: (log) => void log.components.pop() },
  { summary: 'a part that is none', edit: (log) => void Object.assign(log.components[0]!, { member: 'nobody' }) },
  { summary: 'a branch left out', edit: inTrees((tree) => void delete tree.branch) },
  { summary: 'a branch on something decided', edit: inBranch({ on: 'a' }) },
  { summary: 'the sides of a branch made leaves', edit: inBranch({ in: {}, out: {} }) },
  { summary: 'multipliers left out', edit: inTrees((tree) => void delete tree.multipliers) },
  { summary: 'negative multipliers', edit: inMultipliers((it) => -it) },
  { summary: 'multipliers that are no whole numbers', edit: inMultipliers((it) => it + 0.5) },
  { summary: 'multipliers too small', edit: inMultipliers(() => 1) },
  {
    summary: 'a multiplier of a clause that is none',
    edit: inTrees((tree) => void Object.assign(tree, { multipliers: { 'a/Depends/9': 1 } })),
  },
  { summary: 'a scale of none', edit: (log) => void Object.assign(log.components[0]!, { scale: 0 }) },
])('a log with $summary is rejected', ({ edit }) => {
  const { proof, check } = prove();
  expect(check(change(proof, edit)).kind).toBe('rejected');
});

test.each([
  { summary: 'larger', names: ['a', 'p', 'q', 'y', 'yy', 'yz', 'z'] },
  { summary: 'as small, but with names that come later', names: ['a', 'q', 'r', 'x', 'z'] },
  { summary: 'with a package too many', names: ['a', 'p', 'q', 'x', 'y', 'yy', 'yz', 'z'] },
  { summary: 'not valid', names: ['a', 'p', 'x', 'z'] },
  { summary: 'with a package that nothing leads to', names: ['a', 'nobody', 'p', 'q', 'x', 'z'] },
])('the log does not prove a set that is $summary', ({ names }) => {
  const { proof, check } = prove();
  expect(
    check(
      proof,
      names.map((name) => ({ name, version: '1' })),
    ).kind,
  ).toBe('rejected');
});
