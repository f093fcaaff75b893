import { expect, test } from 'vitest';
import type { Resolution } from '../../../../src/model/spec.ts';
import { resolve } from '../../../../src/resolver/resolve.ts';
import { buildUniverse } from '../../../../src/resolver/universe/universe.ts';
import { expectGolden } from '../../../support/golden.ts';
import { makeInputs, makeResolution, makeRoots, type UniverseLine } from '../../../support/universe.ts';

interface Row {
  readonly summary: string;
  readonly universe: UniverseLine;
  readonly more?: Readonly<Record<string, UniverseLine>>;
  readonly roots?: readonly string[];
  readonly resolution?: Partial<Resolution>;
}

const rows: Row[] = [
  { summary: 'a root that nobody has', universe: { nginx: '', 'nginx-light': '' }, roots: ['ngnix'] },
  { summary: 'a root that is too old', universe: { 'app 1.4': '' }, roots: ['app (>= 2)'] },
  {
    summary: 'a chain that ends in an old version',
    universe: { app: 'middle', middle: 'libfoo (>= 2)', 'libfoo 1.4': '' },
  },
  {
    summary: 'a version that another release has',
    universe: { app: 'libfoo (<< 2)', 'libfoo 1.4': '' },
    more: { 'bookworm-security': { 'libfoo 2.0': '' } },
  },
  {
    summary: 'a conflict between what two roots need',
    universe: { app: 'b', tool: 'c', b: '; conflicts c (<< 2)', c: '' },
    roots: ['app', 'tool'],
  },
  {
    summary: 'a conflict with a virtual package',
    universe: { app: '', mta: '; provides mail', other: '; conflicts mail' },
    roots: ['mta', 'other'],
  },
  {
    summary: 'every alternative fails for a reason of its own',
    universe: { app: 'x | y | z', x: 'gone', y: '; conflicts app', z: 'w (= 9)', 'w 3': '' },
  },
  {
    summary: 'alternatives that only fail together',
    universe: { app: 'a | b, c | d', a: '; conflicts c, d', b: '; conflicts c, d', c: '', d: '' },
  },
  { summary: 'an excluded package', universe: { app: 'b', b: 'c', c: '' }, resolution: { exclude: ['c'] } },
  {
    summary: 'all alternatives excluded',
    universe: { app: 'b | c', b: '', c: '' },
    resolution: { exclude: ['b', 'c'] },
  },
  {
    summary: 'a pin that is too old',
    universe: { 'app 2': 'lib (>= 2)', 'lib 1': '' },
    more: { 'bookworm-security': { 'lib 2': '' } },
    resolution: { pin: { lib: '1' } },
  },
  { summary: 'a qualifier that no package meets', universe: { app: 'python3:any', python3: '; multi foreign' } },
  { summary: 'a package that breaks its own root', universe: { 'app 1': 'b', b: '; breaks app (<< 2)' } },
];

test.each(rows)('$summary', ({ summary, universe, more = {}, roots = ['app'], resolution }) => {
  const sources = buildUniverse(makeInputs({ bookworm: universe, ...more }), 'amd64');
  const outcome = resolve(sources, { roots: makeRoots(roots), resolution: makeResolution(resolution) });
  expect(outcome.kind).toBe('unsatisfiable');
  if (outcome.kind !== 'unsatisfiable') return;
  const hints = outcome.hints.map((it) => `hint: ${it}`);
  expectGolden(`resolver/unsatisfiable-${summary.replaceAll(' ', '-')}.txt`, [...outcome.explanation, ...hints]);
});
