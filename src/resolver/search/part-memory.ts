import type { Reading } from '../universe/reading.ts';
import { splitComponents } from './component.ts';
import { flattenCosts, type Objective } from './objective.ts';
import { presolve } from './presolve.ts';
import type { Variable } from './problem.ts';
import { IN, type LocalClause } from './propagate.ts';
import type { OpenPart } from './reduction.ts';
import { searchComponent } from './search.ts';

/** Numbers of the packages of a part's least set; `none` where it has no valid set, `inexact` where its costs do not fit in one number. */
export type LeastOfPart = readonly number[] | 'none' | 'inexact';

/** The least sets of parts, each searched for once however many requests have it. */
export interface PartMemory {
  leastOf(part: OpenPart): LeastOfPart;
}

/** For one reading and one objective. */
export function makePartMemory(reading: Reading, objective: Objective): PartMemory {
  const known = new Map<number, { code: Int32Array; least: LeastOfPart }[]>();
  return {
    leastOf(part) {
      const code = encode(part);
      const hash = hashOf(code);
      const alike = known.get(hash) ?? [];
      const found = alike.find((it) => isSame(it.code, code));
      if (found) return found.least;
      const least = search(reading, objective, part);
      known.set(hash, [...alike, { code, least }]);
      return least;
    },
  };
}

/** All that tells a part from any other: what is not one of its packages is out, and what they strike they always do. */
function encode({ packages, asked, groups }: OpenPart): Int32Array {
  const code: number[] = [...packages, -1];
  for (const { number } of asked) code.push(number);
  for (const own of groups) {
    code.push(-1);
    for (const { number } of own) code.push(number);
  }
  return Int32Array.from(code);
}

function hashOf(code: Int32Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < code.length; i += 1) hash = Math.imul(hash ^ code[i]!, 0x01000193);
  return hash;
}

function isSame(a: Int32Array, b: Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

/** Searches what presolving leaves of a part. */
function search(reading: Reading, objective: Objective, part: OpenPart): LeastOfPart {
  const { clauses, numbers } = clausesOf(reading, part);
  const flat = flattenCosts(
    numbers.map((it) => objective.costOf(variableOf(reading, it))),
    objective.levels,
  );
  if (!flat.exact) return 'inexact';
  const left = presolve(clauses, flat.costs);
  if (!left) return 'none';
  const chosen = [...left.chosen];
  for (const component of splitComponents(left.set, new Int8Array(left.set.size))) {
    const costs = Float64Array.from(component.global, (it) => left.costs[it]!);
    const outcome = searchComponent(component, { ...flat, costs }, () => false);
    if (outcome.kind !== 'optimal') return 'none';
    for (const [i, value] of outcome.values.entries()) {
      if (value === IN) chosen.push(...left.members[component.global[i]!]!);
    }
  }
  return chosen.map((it) => numbers[it]!);
}

function variableOf(reading: Reading, number: number): Variable {
  const record = reading.record(number);
  return { kind: 'package', name: record.name, record };
}

/** A part as clauses over its packages in the order of their names, by which equally cheap sets are told apart. */
function clausesOf(reading: Reading, part: OpenPart): { clauses: Omit<LocalClause, 'id'>[]; numbers: number[] } {
  const nameOf = (number: number): string => reading.record(number).name;
  const numbers = [...part.packages].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const local = new Map(numbers.map((number, i) => [number, i]));
  const locals = (members: readonly number[]): number[] => {
    const found: number[] = [];
    for (const it of members) {
      const at = local.get(it);
      if (at !== undefined) found.push(at);
    }
    return found;
  };
  const clauses: Omit<LocalClause, 'id'>[] = part.asked.map((it) => ({ negative: [], positive: locals(it.members) }));
  part.packages.forEach((number, i) => {
    const by = local.get(number)!;
    for (const { members } of part.groups[i]!) clauses.push({ negative: [by], positive: locals(members) });
    for (const other of locals(reading.strikes(number))) clauses.push({ negative: [by, other], positive: [] });
  });
  return { clauses, numbers };
}
