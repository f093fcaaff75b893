import { digestOf } from '../../model/canonical.ts';
import type { Resolution } from '../../model/spec.ts';
import { type CheckedArchive, type CheckedClause, type CheckedProblem, makeClauses } from './check-clauses.ts';
import type { ProofLog, ProofNode } from './proof.ts';

/** What a proof is about: the roots (relations, as `statedRoots` orders them), the spec's will, and the set. */
export interface Claim {
  readonly roots: readonly string[];
  readonly resolution: Resolution;
  readonly packages: readonly { readonly name: string; readonly version: string }[];
  /** For the objective `vulnerabilities`: by `NAME@VERSION`. */
  readonly weights?: ReadonlyMap<string, number>;
}

export type CheckOutcome = { readonly kind: 'proven' } | { readonly kind: 'rejected'; readonly reason: string };

/** Whether a variable is in (true) or out (false); not there while it is open. */
type Values = Map<string, boolean>;

class Rejected extends Error {}

function require(holds: boolean, reason: string): asserts holds {
  if (!holds) throw new Rejected(reason);
}

/**
 * Replays a proof log from stanzas, request and set alone. It shares no code with the solver but the parsers of versions and
 * relations, and trusts nothing in the log: multipliers are only ever used as a bound that holds for any of them.
 */
export function checkProof(archive: CheckedArchive, claim: Claim, proof: ProofLog): CheckOutcome {
  try {
    const { digest, ...log } = proof;
    require(digest === digestOf(log), 'the log does not have its digest');
    require(proof.proofVersion === 1, 'unknown kind of log');
    const problem = makeClauses(archive, claim.roots, claim.resolution);
    const best = checkSet(problem, claim);
    const values: Values = new Map();
    require(settle([...problem.clauses.values()], variablesOf(problem), values), 'the clauses contradict each other');
    for (const [name, value] of values)
      require(value === best.has(name), `${name} is ${value ? 'not in' : 'in'} and must be otherwise`);
    const parts = split(problem, values);
    require(parts.length ===
      proof.components.length, `${parts.length} parts are open, ${proof.components.length} are proven`);
    for (const part of parts) {
      const said = proof.components.find((it) => part.variables.includes(it.member));
      require(said !== undefined &&
        Number.isSafeInteger(said.scale) &&
        said.scale > 0, `nothing is said of the part of ${part.variables[0]}`);
      const { tree, scale } = said;
      replay(
        { ...part, best, ...costsOf(part.variables, problem, claim, best), scale: BigInt(scale) },
        new Map(),
        tree,
      );
    }
    return { kind: 'proven' };
  } catch (error) {
    if (error instanceof Rejected) return { kind: 'rejected', reason: error.message };
    throw error;
  }
}

function variablesOf(problem: CheckedProblem): string[] {
  return [...problem.packages.keys(), ...problem.wishes.keys()];
}

/** The set must be valid; a wish is given up where its clause needs that. Returns all that is in. */
function checkSet(problem: CheckedProblem, claim: Claim): Set<string> {
  const best = new Set(claim.packages.map((it) => it.name));
  for (const { name, version } of claim.packages) {
    require(problem.packages.get(name)?.version ===
      version, `${name} ${version} is not the candidate, or nothing leads to it`);
  }
  for (const wish of problem.wishes.keys()) {
    const { negative, positive } = problem.clauses.get(wish)!;
    if (negative.every((it) => best.has(it)) && !positive.some((it) => best.has(it))) best.add(wish);
  }
  for (const [name, { negative, positive }] of problem.clauses) {
    const holds = negative.some((it) => !best.has(it)) || positive.some((it) => best.has(it));
    require(holds, `the set breaks ${name}`);
  }
  return best;
}

/** Unit propagation and removal of what nothing can ask for, to a fixpoint. False where a clause is broken. */
function settle(clauses: readonly CheckedClause[], variables: readonly string[], values: Values): boolean {
  for (let before = -1; before !== values.size; ) {
    before = values.size;
    for (const { negative, positive } of clauses) {
      if (negative.some((it) => values.get(it) === false) || positive.some((it) => values.get(it) === true)) continue;
      const open = [...negative, ...positive].filter((it) => !values.has(it));
      if (open.length === 0) return false;
      if (open.length === 1) values.set(open[0]!, positive.includes(open[0]!));
    }
    if (before !== values.size) continue;
    const asked = new Set(variables.filter((it) => values.get(it) === true));
    for (let grown = -1; grown !== asked.size; ) {
      grown = asked.size;
      for (const { negative, positive } of clauses) {
        if (!negative.every((it) => asked.has(it)) || positive.some((it) => values.get(it) === true)) continue;
        for (const it of positive) if (!values.has(it)) asked.add(it);
      }
    }
    for (const it of variables) if (!asked.has(it) && !values.has(it)) values.set(it, false);
  }
  return true;
}

interface Part {
  /** Packages in the order of their names, then wishes. */
  readonly variables: readonly string[];
  readonly clauses: ReadonlyMap<string, CheckedClause>;
}

/** What is open, as parts that share no clause. Known variables are taken out of the clauses. */
function split(problem: CheckedProblem, values: Values): Part[] {
  const open = [...problem.clauses]
    .filter(
      ([, it]) => !it.negative.some((v) => values.get(v) === false) && !it.positive.some((v) => values.get(v) === true),
    )
    .map(([name, it]) => {
      const left = (names: readonly string[]): string[] => names.filter((v) => !values.has(v));
      return [name, { negative: left(it.negative), positive: left(it.positive) }] as const;
    });
  const partOf = new Map<string, Set<string>>();
  for (const [, { negative, positive }] of open) {
    const touched = [...negative, ...positive];
    const merged = new Set(touched.flatMap((it) => [...(partOf.get(it) ?? [it])]));
    for (const it of merged) partOf.set(it, merged);
  }
  return [...new Set(partOf.values())].map((members) => ({
    variables: [
      ...[...members].filter((it) => problem.packages.has(it)).sort(),
      ...[...members].filter((it) => problem.wishes.has(it)),
    ],
    clauses: new Map(open.filter(([, it]) => members.has(it.negative[0] ?? it.positive[0]!))),
  }));
}

/** Levels of cost as one number: avoided, Recommends, preferences, the objective's two, packages (see the proof's documentation). */
function costsOf(
  variables: readonly string[],
  problem: CheckedProblem,
  { resolution, weights }: Claim,
  best: ReadonlySet<string>,
): { costs: Map<string, bigint>; bestCost: bigint } {
  const levelsOf = (name: string): number[] => {
    const wish = problem.wishes.get(name);
    if (wish) return [0, wish === 'recommends' ? 1 : 0, wish === 'prefer' ? 1 : 0, 0, 0, 1];
    const { stanza, version } = problem.packages.get(name)!;
    const size = Number(stanza.get('Installed-Size') ?? 0);
    const first = {
      'installed-size': 0,
      packages: 1,
      'download-size': 0,
      vulnerabilities: weights?.get(`${name}@${version}`) ?? 0,
    };
    const second = resolution.objective === 'download-size' ? Math.ceil(Number(stanza.get('Size') ?? 0) / 1024) : size;
    return [resolution.avoid.includes(name) ? 1 : 0, 0, 0, first[resolution.objective], second, 1];
  };
  const levels = variables.map((name) => levelsOf(name).map(BigInt));
  const costs = new Map(variables.map((name) => [name, 0n]));
  let unit = 1n;
  for (let level = 5; level >= 0; level -= 1) {
    variables.forEach((name, i) => void costs.set(name, costs.get(name)! + levels[i]![level]! * unit));
    unit *= levels.reduce((sum, it) => sum + it[level]!, 1n);
  }
  const bestCost = variables.reduce((sum, it) => sum + (best.has(it) ? costs.get(it)! : 0n), 0n);
  return { costs, bestCost };
}

interface PartClaim extends Part {
  readonly best: ReadonlySet<string>;
  readonly costs: ReadonlyMap<string, bigint>;
  readonly bestCost: bigint;
  readonly scale: bigint;
}

/** Requires that nothing which agrees with the values is better than the best: less cost, or as much and names that come first. */
function replay(part: PartClaim, values: Values, node: ProofNode): void {
  const clauses = [...part.clauses.values()];
  if (!settle(clauses, part.variables, values)) return;
  if (closes(part, values, node.multipliers ?? {})) return;
  require(node.branch !== undefined, `a leaf of the part of ${part.variables[0]} is open`);
  const { on } = node.branch;
  require(part.variables.includes(on), `the branch on ${on} is none`);
  // What is known by now has one side only: the solver, which did not have the best set yet, had to look at both.
  if (values.get(on) !== false) replay(part, new Map(values).set(on, true), node.branch.in);
  if (values.get(on) !== true) replay(part, new Map(values).set(on, false), node.branch.out);
}

function costOf(part: PartClaim, values: Values): bigint {
  return part.variables.reduce((sum, it) => sum + (values.get(it) ? part.costs.get(it)! : 0n), 0n);
}

/** Takes in what the multipliers' bound says. True where nothing better is left. */
function closes(part: PartClaim, values: Values, multipliers: Readonly<Record<string, number>>): boolean {
  const left = new Map([...part.costs].map(([name, cost]) => [name, cost * part.scale]));
  let bound = 0n;
  for (const [name, value] of Object.entries(multipliers)) {
    const clause = part.clauses.get(name);
    require(clause !== undefined && Number.isSafeInteger(value) && value >= 0, `the multiplier of ${name} is none`);
    const multiplier = BigInt(value);
    bound += multiplier * BigInt(1 - clause.negative.length);
    for (const it of clause.positive) left.set(it, left.get(it)! - multiplier);
    for (const it of clause.negative) left.set(it, left.get(it)! + multiplier);
  }
  for (const [name, cost] of left) if (values.get(name) ?? cost < 0n) bound += cost;
  const limit = part.bestCost * part.scale;
  if (bound > limit) return true;
  for (const [name, cost] of left) {
    if (!values.has(name) && bound + (cost < 0n ? -cost : cost) > limit) values.set(name, cost < 0n);
  }
  if (!settle([...part.clauses.values()], part.variables, values)) return true;
  if (part.variables.every((it) => values.has(it))) bound = costOf(part, values) * part.scale;
  if (bound > limit) return true;
  // Costs are whole numbers: above one less than the best is as much as the best.
  if (bound <= (part.bestCost - 1n) * part.scale) return false;
  const differing = part.variables.find((it) => values.get(it) !== part.best.has(it));
  return differing === undefined || (values.get(differing) === false && part.best.has(differing));
}
