import type { Group, Reading } from '../universe/reading.ts';
import { IN, OUT } from './propagate.ts';

/** What roots leave open, of packages that share no open clause with any others. */
export interface OpenPart {
  /** Numbers in the reading, ascending. */
  readonly packages: readonly number[];
  /** Groups that must be met without anybody asking any more: a package that is in asked. By number. */
  readonly asked: readonly Group[];
  /** For each of `packages`, its groups that are not met yet. */
  readonly groups: readonly (readonly Group[])[];
}

export type Reduction =
  | { readonly kind: 'reduced'; readonly forced: readonly number[]; readonly parts: readonly OpenPart[] }
  | { readonly kind: 'broken' };

/** Finds what follows from roots, again and again over one reading, in the same arrays. */
export interface Reducer {
  /** The answer is good until the next call. */
  reduce(roots: readonly Group[], excluded: Iterable<number>): Reduction;
  /** Whether a package was found to be out. */
  isOut(number: number): boolean;
}

class Broken extends Error {}

/**
 * Unit propagation from the roots, and a walk over what is left open through every alternative: what the walk does not come to is not asked
 * for. A package that strikes one that is in, or of which a group cannot be met, is out.
 */
export function makeReducer(reading: Reading): Reducer {
  const values = new Int8Array(reading.limit);
  let touched: number[] = [];
  const set = (number: number, value: number): void => {
    values[number] = value;
    touched.push(number);
  };
  const isMet = ({ members }: Group): boolean => {
    for (const it of members) if (values[it] === IN) return true;
    return false;
  };
  const state = { reading, values, parent: new Int32Array(reading.limit), set, isMet };
  return {
    isOut: (number) => values[number] === OUT,
    reduce(roots, excluded) {
      for (const number of touched) values[number] = 0;
      touched = [];
      try {
        for (const number of excluded) set(number, OUT);
        return reduceWith(state, roots);
      } catch (error) {
        if (error instanceof Broken) return { kind: 'broken' };
        throw error;
      }
    },
  };
}

interface State {
  readonly reading: Reading;
  readonly values: Int8Array;
  readonly parent: Int32Array;
  readonly set: (number: number, value: number) => void;
  readonly isMet: (group: Group) => boolean;
}

function reduceWith(state: State, roots: readonly Group[]): Reduction {
  const forced: number[] = [];
  let open: readonly Group[] = roots;
  for (;;) {
    open = propagate(state, open, forced);
    const region = walk(state, open);
    if (region) return { kind: 'reduced', forced, parts: split(state, open, region) };
  }
}

/** Takes in what the groups leave no choice about, and what that needs; gives the groups that leave one. */
function propagate(state: State, groups: readonly Group[], forced: number[]): readonly Group[] {
  let pending = new Set(groups);
  for (let before = -1; before !== forced.length; ) {
    before = forced.length;
    const open = new Set<Group>();
    // A Set's iteration goes on to what is added meanwhile.
    for (const group of pending) {
      const only = choiceOf(state, group);
      if (only === OPEN) open.add(group);
      else if (only !== MET) enter(state, only, forced, pending);
    }
    pending = open;
  }
  return [...pending];
}

const MET = -1;
const OPEN = -2;

/** The one member that is left, or that the group is met or open. */
function choiceOf({ values }: State, { members }: Group): number {
  let only = MET;
  for (const it of members) {
    if (values[it] === IN) return MET;
    if (values[it] === 0) only = only === MET ? it : OPEN;
  }
  if (only === MET) throw new Broken();
  return only;
}

/** Takes in a package and all that follows from it without a choice; the choices that those leave come to the others. */
function enter({ reading, values, set }: State, number: number, forced: number[], choices: Set<Group>): void {
  set(number, IN);
  // What comes in while this goes on is at the end of the list.
  for (let at = forced.push(number) - 1; at < forced.length; at += 1) {
    const entered = forced[at]!;
    for (const struck of reading.strikes(entered)) {
      if (values[struck] === IN) throw new Broken();
      if (values[struck] === 0) set(struck, OUT);
    }
    for (const needed of reading.needs(entered)) {
      if (values[needed] === IN) continue;
      if (values[needed] === OUT) throw new Broken();
      set(needed, IN);
      forced.push(needed);
    }
    for (const group of reading.choices(entered)) choices.add(group);
  }
}

/** All that the open groups lead to; undefined where something of it turned out to be out, and the groups must be looked at again. */
function walk({ reading, values, set, isMet }: State, open: readonly Group[]): Map<number, Group[]> | undefined {
  const region = new Map<number, Group[]>();
  const reached = new Set<number>();
  const follow = ({ members }: Group): void => {
    for (const it of members) if (values[it] === 0) reached.add(it);
  };
  open.forEach(follow);
  let struck = false;
  for (const number of reached) {
    const groups = reading.groups(number).filter((it) => !isMet(it));
    const hopeless = groups.some(({ members }) => members.every((it) => values[it] === OUT));
    if (hopeless || reading.strikes(number).some((it) => values[it] === IN)) {
      set(number, OUT);
      struck = true;
      continue;
    }
    region.set(number, groups);
    groups.forEach(follow);
  }
  return struck ? undefined : region;
}

/** Union of what shares a group or a strike; `parent` is only read where the region wrote it. */
function split(state: State, open: readonly Group[], region: ReadonlyMap<number, Group[]>): OpenPart[] {
  const { reading, values, parent } = state;
  for (const number of region.keys()) parent[number] = number;
  const find = (number: number): number => {
    let top = number;
    while (parent[top] !== top) top = parent[top]!;
    parent[number] = top;
    return top;
  };
  const join = (first: number, second: number): void => {
    if (values[second] === 0 && region.has(second)) parent[find(second)] = find(first);
  };
  const first = ({ members }: Group): number => members.find((it) => values[it] === 0)!;
  for (const group of open) for (const it of group.members) join(first(group), it);
  for (const [number, groups] of region) {
    for (const { members } of groups) for (const it of members) join(number, it);
    for (const it of reading.strikes(number)) join(number, it);
  }
  const parts = new Map<number, { packages: number[]; asked: Group[] }>();
  for (const number of [...region.keys()].sort((a, b) => a - b)) {
    const part = parts.get(find(number)) ?? { packages: [], asked: [] };
    parts.set(find(number), part);
    part.packages.push(number);
  }
  for (const group of [...open].sort((a, b) => a.number - b.number)) parts.get(find(first(group)))!.asked.push(group);
  return [...parts.values()].map((it) => ({ ...it, groups: it.packages.map((number) => region.get(number)!) }));
}
