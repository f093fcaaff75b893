import loadHighs from 'highs';
import { beforeAll, expect, test } from 'vitest';
import { type CheckedArchive, makeClauses, readArchive } from '../../src/resolver/proof/check-clauses.ts';
import { checkProof } from '../../src/resolver/proof/check-proof.ts';
import { resolve } from '../../src/resolver/resolve.ts';
import { buildUniverse, type Universe } from '../../src/resolver/universe/universe.ts';
import { machineIndexes } from '../support/machine-index.ts';
import { makeResolution, makeRoots } from '../support/universe.ts';

const EXAMPLES = [
  ['nginx'],
  ['redis-server'],
  ['postgresql-15'],
  ['python3-flask', 'gunicorn'],
  ['openssh-server'],
  ['php-fpm'],
  ['mariadb-server'],
  ['openjdk-17-jre-headless'],
  ['nodejs'],
];

let archive: CheckedArchive;
let universe: Universe;
// The package's types say CommonJS, where the default export is a property; at run time it is the function.
const makeHighs = loadHighs as unknown as (typeof loadHighs)['default'];
let highs: Awaited<ReturnType<typeof makeHighs>>;

beforeAll(async () => {
  const inputs = machineIndexes();
  archive = readArchive(inputs, 'amd64');
  universe = buildUniverse(inputs, 'amd64');
  highs = await makeHighs();
});

/** Packages at random, the same ones on every run over one index. */
function sample(count: number): string[][] {
  const names = [...universe.names()];
  let seed = 2024;
  const next = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed;
  };
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: 1 + (i % 4) }, () => names[next() % names.length]!),
  );
}

/** The least size (KiB) that an integer program finds, from clauses that the solver had no part in; undefined: there is no set. */
function leastSize(roots: readonly string[]): number | undefined {
  const { clauses, packages } = makeClauses(archive, roots, makeResolution());
  const numbers = new Map([...packages.keys()].map((name, i) => [name, `x${i}`]));
  const sum = (names: readonly string[], sign: string): string =>
    names.map((name) => `${sign} ${numbers.get(name)}`).join(' ');
  const rows = [...clauses.values()].map(
    ({ negative, positive }, i) => ` c${i}: ${sum(positive, '+')} ${sum(negative, '-')} >= ${1 - negative.length}`,
  );
  if ([...clauses.values()].some((it) => it.negative.length + it.positive.length === 0)) return undefined;
  const costs = [...packages].map(([name, it]) => `+ ${it.stanza.get('Installed-Size') ?? 0} ${numbers.get(name)}`);
  const variables = [...numbers.values()].join('\n ');
  const program = `Minimize\n obj: ${costs.join('\n ')}\nSubject To\n${rows.join('\n')}\nBinary\n ${variables}\nEnd\n`;
  const solution = highs.solve(program, { mip_rel_gap: 0, mip_abs_gap: 0.5 });
  return solution.Status === 'Optimal' ? Math.round(solution.ObjectiveValue) : undefined;
}

test('an integer program finds no smaller set, and every proof is accepted', { timeout: 300_000 }, () => {
  for (const roots of [...EXAMPLES, ...sample(50)]) {
    const wanted = [...new Set(roots)];
    const outcome = resolve(universe, { roots: makeRoots(wanted), resolution: makeResolution(), prove: true });
    const size = outcome.kind === 'resolved' ? outcome.installedSizeKiB : undefined;
    expect({ roots, size }).toEqual({ roots, size: leastSize(wanted) });
    if (outcome.kind !== 'resolved') continue;
    const claim = { roots: wanted, resolution: makeResolution(), packages: outcome.packages };
    expect({ roots, ...checkProof(archive, claim, outcome.proof!) }).toEqual({ roots, kind: 'proven' });
  }
});

test('no relation of the whole index is left unread', () => {
  const fields = [
    'Depends',
    'Pre-Depends',
    'Recommends',
    'Suggests',
    'Conflicts',
    'Breaks',
    'Replaces',
    'Provides',
  ] as const;
  let groups = 0;
  for (const name of universe.names()) {
    for (const record of universe.versions(name))
      for (const field of fields) groups += universe.relations(record, field).length;
  }
  expect(groups).toBeGreaterThan(universe.size);
});
