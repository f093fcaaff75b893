import { expect, test } from 'vitest';
import { diffSets, renderDiff } from '../../../../src/resolver/explain/diff.ts';
import { renderTree, treeOf } from '../../../../src/resolver/explain/tree.ts';
import { renderWhy, why } from '../../../../src/resolver/explain/why.ts';
import { renderWhyNot, whyNot } from '../../../../src/resolver/explain/why-not.ts';
import { type ResolvedPackage, type ResolveRequest, resolve } from '../../../../src/resolver/resolve.ts';
import type { Universe } from '../../../../src/resolver/universe/universe.ts';
import { expectGolden } from '../../../support/golden.ts';
import { makeResolution, makeRoots, makeUniverse } from '../../../support/universe.ts';

const LINE = {
  app: 'web, log | journal; size 100',
  web: 'libc (>= 1), ssl; size 2000',
  ssl: 'libc; size 5000',
  'libc 2': '; size 12000',
  log: 'libc; size 300',
  journal: 'libc, ssl; size 400',
  rival: '; conflicts web',
  alone: 'heavy',
  heavy: '; size 90000',
  orphan: 'gone',
};
const request: ResolveRequest = { roots: makeRoots(['app']), resolution: makeResolution() };

function answer(universe: Universe, asked: ResolveRequest = request): ResolvedPackage[] {
  const outcome = resolve(universe, asked);
  if (outcome.kind !== 'resolved') throw new Error('internal: the example resolves');
  return outcome.packages;
}

test('why: every path, shortest first, and what a cut would take along', () => {
  const packages = answer(makeUniverse(LINE));
  expectGolden('resolver/why-libc.txt', renderWhy(why(packages, 'libc')!));
  expectGolden('resolver/why-web.txt', renderWhy(why(packages, 'web')!));
});

test('why: evidence leads on to the package whose file needs it', () => {
  const evidence = {
    kind: 'evidence',
    rule: 'interpreter',
    by: '/usr/bin/app',
    needs: '/usr/bin/sh',
    line: 1,
  } as const;
  const shell = { name: 'dash', version: '1', installedSizeKiB: 200, why: [evidence] };
  const packages = [...answer(makeUniverse(LINE)), shell];
  const ownerOf = (path: string): string | undefined => (path === '/usr/bin/app' ? 'app' : undefined);
  expectGolden('resolver/why-evidence.txt', renderWhy(why(packages, 'dash', { ownerOf })!));
});

test('why: paths are limited, and it says so', () => {
  const wide = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`m${i}`, 'leaf']));
  const packages = answer(makeUniverse({ app: Object.keys(wide).join(', '), ...wide, leaf: '' }));
  const report = why(packages, 'leaf', { limit: 5 })!;
  expect(report.paths).toHaveLength(5);
  expect(report.more).toBe(true);
  expect(why(packages, 'nobody')).toBeUndefined();
});

test.each(['nobody', 'libc', 'journal', 'alone', 'rival', 'orphan'])('why-not %s', (name) => {
  const universe = makeUniverse(LINE);
  expectGolden(`resolver/why-not-${name}.txt`, renderWhyNot(whyNot(universe, request, answer(universe), name)));
});

test('tree: sizes of branches, shared packages marked', () => {
  expectGolden('resolver/tree.txt', renderTree(treeOf(answer(makeUniverse(LINE)))));
});

test('tree: a package of which only files are in does not count whole', () => {
  const why = [{ kind: 'boot', purpose: 'kernel' }] as const;
  const kernel = { name: 'linux', version: '6', installedSizeKiB: 93_000, why, files: [] };
  const shell = { name: 'dash', version: '0.5', installedSizeKiB: 191, why, files: ['/bin/sh', '/bin/dash'] };
  expect(renderTree(treeOf([kernel, shell]))).toEqual(['dash 2 files of 0.2 MiB', 'linux only what boots of 90.8 MiB']);
});

test('diff: packages, versions, sizes and the cause of each change', () => {
  const before = answer(makeUniverse(LINE));
  const { web: _, ssl: __, 'libc 2': ___, ...rest } = LINE;
  const changed = {
    ...rest,
    'web 2': 'libc (>= 1), tls; size 2100',
    tls: 'libc',
    'libc 1.9': '; size 11000',
    journal: 'libc; size 200',
  };
  expectGolden('resolver/diff.txt', renderDiff(diffSets(before, answer(makeUniverse(changed)))));
  expect(renderDiff(diffSets(before, before))).toEqual(['no package differs']);
});

test('diff: the same version with other bytes is a rebuild', () => {
  const [first, ...others] = answer(makeUniverse(LINE));
  expect(diffSets([first!, ...others], [{ ...first!, sha256: 'f'.repeat(64) }, ...others]).changes).toMatchObject([
    { kind: 'rebuilt', name: 'app' },
  ]);
});
