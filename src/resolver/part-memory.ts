import { splitComponents } from './component.ts';
import { flattenCosts, type Objective } from './objective.ts';
import { type ClauseSet, IN, type LocalClause, makeClauseSet, settle } from './propagate.ts';
import type { Reading } from './reading.ts';
import type { OpenPart } from './reduction.ts';
import { searchComponent } from './search.ts';

/** The least sets of parts, each searched for once however many requests have it. */
export interface PartMemory {
  /** Numbers of the packages of the part's least set; undefined where it has no valid set. */
  leastOf(part: OpenPart): readonly number[] | undefined;
}

/** For one reading and one objective. */
export function makePartMemory(reading: Reading, objective: Objective): PartMemory {
  const known = new Map<number, { code: Int32Array; least: readonly number[] | undefined }[]>();
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

function search(reading: Reading, objective: Objective, part: OpenPart): number[] | undefined {
  const { set, numbers } = clausesOf(reading, part);
  const values = new Int8Array(set.size);
  if (settle(set, values, [...set.clauses.keys()]) !== undefined) return undefined;
  for (const component of splitComponents(set, values)) {
    const costs = component.global.map((it) => {
      const record = reading.record(numbers[it]!);
      return objective.costOf({ kind: 'package', name: record.name, record });
    });
    const outcome = searchComponent(component, flattenCosts(costs, objective.levels), () => false);
    if (outcome.kind !== 'optimal') return undefined;
    for (const [i, value] of outcome.values.entries()) values[component.global[i]!] = value;
  }
  return numbers.filter((_, i) => values[i] === IN);
}

/** A part as clauses over its packages in the order of their names, by which the search decides between equals. */
function clausesOf(reading: Reading, part: OpenPart): { set: ClauseSet; numbers: number[] } {
  const nameOf = (number: number): string => reading.record(number).name;
  const numbers = [...part.packages].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const local = new Map(numbers.map((number, i) => [number, i]));
  const locals = (members: readonly number[]): number[] => members.flatMap((it) => local.get(it) ?? []);
  const clauses: Omit<LocalClause, 'id'>[] = part.asked.map((it) => ({ negative: [], positive: locals(it.members) }));
  part.packages.forEach((number, i) => {
    const by = local.get(number)!;
    for (const { members } of part.groups[i]!) clauses.push({ negative: [by], positive: locals(members) });
    for (const other of locals(reading.strikes(number))) clauses.push({ negative: [by, other], positive: [] });
  });
  return {
    set: makeClauseSet(
      numbers.length,
      clauses.map((it, id) => ({ id, ...it })),
    ),
    numbers,
  };
}
