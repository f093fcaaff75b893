import { type ClauseSet, IN, type LocalClause, makeClauseSet, OUT } from './propagate.ts';

/** What is left to search for of a part, over variables each of which stands for packages that are in or out together. */
export interface Presolved {
  readonly set: ClauseSet;
  readonly costs: Float64Array;
  /** Original variables behind each one of the set; the sets' lowest numbers ascend. */
  readonly members: readonly (readonly number[])[];
  /** Original variables that every least set has. */
  readonly chosen: readonly number[];
}

/** Clauses that change as they are worked on; an occurrence list may name a clause that is gone. */
interface Work {
  readonly negative: (number[] | undefined)[];
  readonly positive: number[][];
  readonly asking: number[][];
  readonly meeting: number[][];
  readonly costs: Float64Array;
  readonly members: number[][];
  /** Lowest of the members. */
  readonly first: Int32Array;
  /** IN, OUT, MERGED or 0. */
  readonly values: Int8Array;
  readonly dirty: Worklist;
  readonly shrunk: Worklist;
  broken: boolean;
}

/** Numbers to look at, each there once. */
interface Worklist {
  add(number: number): void;
  take(): number | undefined;
}

const MERGED = 2;

/**
 * Makes a part smaller without losing its least set, nor which of equally cheap ones comes first: packages that are in or out together
 * become one, and what something cheaper can always stand in for is out. Variables are numbered in the order of their names.
 * Undefined where the clauses contradict each other.
 */
export function presolve(clauses: readonly Omit<LocalClause, 'id'>[], costs: Float64Array): Presolved | undefined {
  const work = begin(clauses, costs);
  do {
    for (let at = next(work); at !== undefined && !work.broken; at = next(work)) simplify(work, at);
  } while (!work.broken && dropUnneeded(work));
  return work.broken ? undefined : finish(work);
}

function begin(clauses: readonly Omit<LocalClause, 'id'>[], costs: Float64Array): Work {
  const size = costs.length;
  const lists = (): number[][] => Array.from({ length: size }, () => []);
  const work: Work = {
    negative: clauses.map((it) => [...it.negative]),
    positive: clauses.map((it) => [...it.positive]),
    asking: lists(),
    meeting: lists(),
    costs: costs.slice(),
    members: Array.from({ length: size }, (_, i) => [i]),
    first: Int32Array.from({ length: size }, (_, i) => i),
    values: new Int8Array(size),
    dirty: makeWorklist(size),
    shrunk: makeWorklist(clauses.length),
    broken: false,
  };
  clauses.forEach(({ negative, positive }, clause) => {
    for (const it of negative) work.asking[it]!.push(clause);
    for (const it of positive) work.meeting[it]!.push(clause);
  });
  clauses.forEach((_, clause) => void shrink(work, clause));
  for (let it = 0; it < size; it += 1) work.dirty.add(it);
  return work;
}

function makeWorklist(size: number): Worklist {
  const waiting = new Uint8Array(size);
  const queue: number[] = [];
  return {
    add(number) {
      if (waiting[number] === 1) return;
      waiting[number] = 1;
      queue.push(number);
    },
    take() {
      const number = queue.pop();
      if (number !== undefined) waiting[number] = 0;
      return number;
    },
  };
}

/** The next variable to look at, once no clause says more than another. */
function next(work: Work): number | undefined {
  for (let clause = work.shrunk.take(); clause !== undefined && !work.broken; clause = work.shrunk.take()) {
    dropSubsumed(work, clause);
  }
  return work.dirty.take();
}

/** A clause has fewer members than before: it may be broken, or leave no choice. */
function shrink(work: Work, clause: number): void {
  const negative = work.negative[clause];
  const positive = work.positive[clause]!;
  if (!negative) return;
  if (negative.length + positive.length > 1) work.shrunk.add(clause);
  else if (positive.length === 1) decide(work, positive[0]!, IN);
  else if (negative.length === 1) decide(work, negative[0]!, OUT);
  else work.broken = true;
  for (const it of positive) work.dirty.add(it);
  for (const it of negative) work.dirty.add(it);
}

function drop(work: Work, clause: number): void {
  const negative = work.negative[clause];
  if (!negative) return;
  work.negative[clause] = undefined;
  for (const it of negative) remove(work.asking[it]!, clause);
  for (const it of work.positive[clause]!) remove(work.meeting[it]!, clause);
  for (const it of negative) work.dirty.add(it);
  for (const it of work.positive[clause]!) work.dirty.add(it);
}

function remove(list: number[], value: number): void {
  const at = list.indexOf(value);
  if (at < 0) return;
  list[at] = list.at(-1)!;
  list.pop();
}

function decide(work: Work, variable: number, value: number): void {
  if (work.values[variable] !== 0) {
    if (work.values[variable] !== value) work.broken = true;
    return;
  }
  work.values[variable] = value;
  const [holding, losing] =
    value === IN
      ? [work.meeting[variable]!, work.asking[variable]!]
      : [work.asking[variable]!, work.meeting[variable]!];
  for (const clause of [...holding]) drop(work, clause);
  for (const clause of losing.splice(0)) {
    const side = value === IN ? work.negative[clause] : work.positive[clause];
    if (!side || !work.negative[clause]) continue;
    remove(side, variable);
    shrink(work, clause);
  }
}

/** Drops what says no more than this clause does. */
function dropSubsumed(work: Work, clause: number): void {
  const negative = work.negative[clause];
  if (!negative) return;
  const positive = work.positive[clause]!;
  const rare = rarest(work, negative, positive);
  for (const other of [...rare]) {
    const more = work.negative[other];
    if (other === clause || !more || more.length < negative.length) continue;
    if (isWithin(negative, more) && isWithin(positive, work.positive[other]!)) drop(work, other);
  }
}

/** Of the occurrence lists of a clause's members the shortest. */
function rarest(work: Work, negative: readonly number[], positive: readonly number[]): number[] {
  let shortest: number[] | undefined;
  for (const it of negative) if (!shortest || work.asking[it]!.length < shortest.length) shortest = work.asking[it]!;
  for (const it of positive) if (!shortest || work.meeting[it]!.length < shortest.length) shortest = work.meeting[it]!;
  return shortest!;
}

function isWithin(some: readonly number[], all: readonly number[]): boolean {
  if (some.length > all.length) return false;
  for (const it of some) if (!all.includes(it)) return false;
  return true;
}

/** Tries all that may be done about one variable. */
function simplify(work: Work, variable: number): void {
  if (work.values[variable] !== 0) return;
  if (joinAsker(work, variable) || joinNeeded(work, variable)) return;
  if (rivals(work, variable).some((it) => standsIn(work, it, variable))) decide(work, variable, OUT);
  for (const other of beaten(work, variable)) if (standsIn(work, variable, other)) decide(work, other, OUT);
}

/** What only one package asks for, and without a choice, is in exactly when that is. */
function joinAsker(work: Work, variable: number): boolean {
  const [clause, more] = work.meeting[variable]!;
  if (clause === undefined || more !== undefined) return false;
  const asker = soleAsker(work, clause);
  if (asker === undefined) return false;
  merge(work, variable, asker);
  return true;
}

/** What asks without a choice for something that only it, or what needs it itself, asks for. */
function joinNeeded(work: Work, variable: number): boolean {
  for (const clause of work.asking[variable]!) {
    if (soleAsker(work, clause) === undefined) continue;
    const needed = work.positive[clause]![0]!;
    const mutual = work.asking[needed]!.some(
      (it) => soleAsker(work, it) !== undefined && work.positive[it]![0] === variable,
    );
    if (!mutual && work.meeting[needed]!.length > 1) continue;
    merge(work, needed, variable);
    return true;
  }
  return false;
}

/** Who asks in `asker → needed`; undefined for any other clause. */
function soleAsker(work: Work, clause: number): number | undefined {
  const negative = work.negative[clause];
  return negative?.length === 1 && work.positive[clause]!.length === 1 ? negative[0] : undefined;
}

/** Makes one variable of two that have the same value in every least set. */
function merge(work: Work, from: number, into: number): void {
  work.values[from] = MERGED;
  work.costs[into]! += work.costs[from]!;
  work.members[into]!.push(...work.members[from]!);
  work.first[into] = Math.min(work.first[into]!, work.first[from]!);
  const touched = [...work.asking[from]!, ...work.meeting[from]!];
  exchange(work.asking, (it) => work.negative[it]!, from, into);
  exchange(work.meeting, (it) => work.positive[it]!, from, into);
  for (const clause of touched) {
    if (work.negative[clause]?.includes(into) && work.positive[clause]!.includes(into)) drop(work, clause);
    else shrink(work, clause);
  }
  work.dirty.add(into);
}

function exchange(lists: number[][], sideOf: (clause: number) => number[], from: number, into: number): void {
  for (const clause of lists[from]!.splice(0)) {
    const side = sideOf(clause);
    if (side.includes(into)) remove(side, from);
    else {
      side[side.indexOf(from)] = into;
      lists[into]!.push(clause);
    }
  }
}

/** What could stand in for a variable: the others of the smallest clause that it meets. */
function rivals(work: Work, variable: number): readonly number[] {
  let fewest: readonly number[] = [];
  for (const clause of work.meeting[variable]!) {
    const { length } = work.positive[clause]!;
    if (fewest.length === 0 || length < fewest.length) fewest = work.positive[clause]!;
  }
  return fewest;
}

/** What a variable can stand in for: all of it meets some clause beside it. */
function beaten(work: Work, variable: number): readonly number[] {
  const found: number[] = [];
  for (const clause of work.meeting[variable]!) {
    for (const it of work.positive[clause]!) if (standsIn(work, variable, it)) found.push(it);
  }
  return found;
}

/**
 * Whether any valid set with `out` stays valid and becomes better with `by` in its place: `by` meets all that `out` meets, and needs
 * and strikes nothing that `out` does not.
 */
function standsIn(work: Work, by: number, out: number): boolean {
  if (by === out || work.values[by] !== 0 || work.values[out] !== 0) return false;
  const cheaper = work.costs[by]! - work.costs[out]!;
  if (cheaper > 0 || (cheaper === 0 && work.first[by]! > work.first[out]!)) return false;
  if (work.meeting[out]!.length > work.meeting[by]!.length) return false;
  for (const clause of work.meeting[out]!) if (!work.positive[clause]!.includes(by)) return false;
  return work.asking[by]!.every((clause) => asksToo(work, out, by, clause));
}

/** Whether what a clause asks of `by` holds wherever `out` is in, or once it is not. */
function asksToo(work: Work, out: number, by: number, clause: number): boolean {
  const negative = work.negative[clause]!;
  const positive = work.positive[clause]!;
  if (negative.includes(out)) return true;
  return work.asking[out]!.some((other) => {
    const members = work.positive[other]!;
    if (!isWithin(members, positive)) return false;
    return work.negative[other]!.every((it) => it === out || (it !== by && negative.includes(it)));
  });
}

/** Takes out what nothing can ask for any more; false where there is nothing such that any clause speaks of. */
function dropUnneeded(work: Work): boolean {
  const reached = new Set<number>();
  work.negative.forEach((negative, clause) => {
    if (negative?.length === 0) for (const it of work.positive[clause]!) reached.add(it);
  });
  for (const variable of reached) {
    for (const clause of work.asking[variable]!) for (const it of work.positive[clause]!) reached.add(it);
  }
  let some = false;
  work.values.forEach((value, variable) => {
    if (value !== 0 || reached.has(variable)) return;
    some ||= work.asking[variable]!.length + work.meeting[variable]!.length > 0;
    decide(work, variable, OUT);
  });
  return some;
}

function finish(work: Work): Presolved {
  const open = [...work.values.keys()].filter((it) => work.values[it] === 0);
  open.sort((a, b) => work.first[a]! - work.first[b]!);
  const place = new Map(open.map((it, number) => [it, number]));
  const renumber = (it: number): number => place.get(it)!;
  const clauses = work.negative.flatMap((negative, id): LocalClause[] =>
    negative ? [{ id, negative: negative.map(renumber), positive: work.positive[id]!.map(renumber) }] : [],
  );
  return {
    set: makeClauseSet(open.length, clauses),
    costs: Float64Array.from(open, (it) => work.costs[it]!),
    members: open.map((it) => work.members[it]!),
    chosen: [...work.values.keys()].flatMap((it) => (work.values[it] === IN ? work.members[it]! : [])),
  };
}
