import { KilnError } from '../model/error.ts';
import type { Problem } from './search/problem.ts';
import { IN, type Values } from './search/propagate.ts';

/**
 * Packages of a set that can never be unpacked, because each waits by Pre-Depends for another of them (Debian Policy §7.2), as the
 * numbers of one cycle; undefined where all can.
 */
export function findPreDependsCycle(problem: Problem, values: Values): number[] | undefined {
  const waiting = new Map<number, (readonly number[])[]>();
  for (const { origin, positive } of problem.clauses) {
    if (origin.kind !== 'depends' || origin.field !== 'Pre-Depends' || values[origin.by] !== IN) continue;
    const members = positive.filter((it) => values[it] === IN);
    waiting.set(origin.by, [...(waiting.get(origin.by) ?? []), members]);
  }
  const isReady = (number: number): boolean => !waiting.has(number);
  for (let before = -1; before !== waiting.size; ) {
    before = waiting.size;
    for (const [number, groups] of waiting) if (groups.every((it) => it.some(isReady))) waiting.delete(number);
  }
  const first = waiting.keys().next().value;
  if (first === undefined) return undefined;
  const path = [first];
  for (;;) {
    const blocked = waiting.get(path.at(-1)!)!.find((it) => !it.some(isReady))!;
    const next = blocked[0]!;
    if (path.includes(next)) return path.slice(path.indexOf(next));
    path.push(next);
  }
}

/** Throws INDEX_CORRUPT where a set has a cycle of Pre-Depends, naming its packages. */
export function refusePreDependsCycle(problem: Problem, values: Values, place: (number: number) => string): void {
  const cycle = findPreDependsCycle(problem, values);
  if (!cycle) return;
  const names = [...cycle, cycle[0]!].map((it) => problem.variables[it]!.name);
  throw new KilnError('INDEX_CORRUPT', `${place(cycle[0]!)}, field Pre-Depends: ${names.join(' → ')} is a cycle`, {
    hint: 'none of them can be unpacked first: exclude one, or pin another version of it',
  });
}
