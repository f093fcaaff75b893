import { formatAlternatives, formatRelation } from '../../formats/debian/relation.ts';
import { satisfies } from '../../formats/debian/version.ts';
import type { Relation } from '../../model/relation.ts';
import type { StatedRequest } from '../request.ts';
import { minimalCore } from '../search/core.ts';
import type { Clause, Problem } from '../search/problem.ts';
import {
  type ClauseSet,
  consequence,
  IN,
  type LocalClause,
  makeClauseSet,
  OUT,
  type Values,
} from '../search/propagate.ts';
import { phraseReason } from './graph.ts';
import { hintsFor } from './hints.ts';

/** Why a request cannot be met: lines to read in order, nested by two spaces, and what the user can do. */
export interface Explanation {
  readonly explanation: string[];
  readonly hints: string[];
}

/** Tells a minimal contradiction of the request in words. */
export function explainUnsatisfiable(stated: StatedRequest): Explanation {
  const { problem } = stated;
  const hard = problem.clauses.flatMap((clause, id): LocalClause[] =>
    isHard(clause) ? [{ id, negative: clause.negative, positive: clause.positive }] : [],
  );
  const core = minimalCore(problem.variables.length, hard);
  if (!core) {
    return {
      explanation: ['no set of packages meets all that is asked for at once; it is too large to say why'],
      hints: [],
    };
  }
  const clauses = core.map((id) => problem.clauses[id]!);
  return { explanation: tellContradiction(stated, clauses), hints: hintsFor(stated, clauses) };
}

/** Wishes can be given up, so they never contradict anything. */
function isHard({ origin }: Clause): boolean {
  return origin.kind !== 'prefer' && !(origin.kind === 'depends' && origin.field === 'Recommends');
}

/** What the telling keeps: values and causes so far on the way down, and what was said already. */
interface Telling {
  readonly stated: StatedRequest;
  readonly clauses: readonly Clause[];
  readonly set: ClauseSet;
  readonly lines: string[];
}

interface State {
  readonly values: Values;
  readonly causes: Int32Array;
  readonly told: Set<number>;
  readonly indent: number;
}

function tellContradiction(stated: StatedRequest, clauses: readonly Clause[]): string[] {
  const local = clauses.map(({ negative, positive }, id) => ({ id, negative, positive }));
  const telling: Telling = { stated, clauses, set: makeClauseSet(stated.problem.variables.length, local), lines: [] };
  const { size } = telling.set;
  const state = {
    values: new Int8Array(size),
    causes: new Int32Array(size).fill(-1),
    told: new Set<number>(),
    indent: 0,
  };
  refute(telling, state);
  return telling.lines;
}

/** Tells why nothing agrees with the state: by what follows from it, or member by member of a group that must hold. */
function refute(telling: Telling, state: State): void {
  const broken = follow(telling.set, state);
  if (broken !== undefined) {
    tellClause(telling, state, broken);
    return;
  }
  const number = telling.set.clauses.findIndex(({ negative, positive }) => {
    const active = negative.every((it) => state.values[it] === IN) && !positive.some((it) => state.values[it] === IN);
    return active && positive.some((it) => state.values[it] === 0);
  });
  if (number >= 0) tellClause(telling, state, number);
}

/** Propagates one step at a time, and forward from the roots as long as that goes: so it reads as the user thinks. */
function follow(set: ClauseSet, { values, causes }: State): number | undefined {
  for (;;) {
    const literals = set.clauses.map((clause) => consequence(clause, values));
    const broken = literals.indexOf(0);
    if (broken >= 0) return broken;
    const forward = literals.findIndex((it) => it !== undefined && it > 0);
    // All that is out by now is said at once, so that a group of which no member can be is told as such.
    const next = forward >= 0 ? [forward] : literals.flatMap((it, number) => (it === undefined ? [] : [number]));
    if (next.length === 0) return undefined;
    for (const number of next) {
      const variable = Math.abs(literals[number]!) - 1;
      if (values[variable] !== 0) continue;
      values[variable] = forward >= 0 ? IN : OUT;
      causes[variable] = number;
    }
  }
}

/** Tells a clause that cannot hold: who asks, what for, and for each member why not. */
function tellClause(telling: Telling, state: State, number: number): void {
  const { negative, positive } = telling.set.clauses[number]!;
  for (const variable of negative) if (state.values[variable] === IN) tellIn(telling, state, variable);
  if (state.told.has(number)) return;
  state.told.add(number);
  const { lines } = telling;
  const members = positive.filter((it) => state.values[it] !== IN);
  const missing = missingOf(telling.stated, telling.clauses[number]!);
  const line = phraseClause(telling, telling.clauses[number]!);
  if (members.length === 0) {
    say(lines, state, missing.length > 0 ? `${line}, and ${missing.join('; ')}` : line);
    return;
  }
  say(
    lines,
    state,
    `${line}, and ${members.length + missing.length === 1 ? 'that cannot be' : 'none of them can be'}:`,
  );
  const inner = { ...state, indent: state.indent + 1 };
  for (const text of missing) say(lines, inner, text);
  for (const member of members) tellOut(telling, inner, member);
}

/** Tells how something came to be in, from the roots on. */
function tellIn(telling: Telling, state: State, variable: number): void {
  const cause = state.causes[variable]!;
  if (cause < 0 || state.told.has(cause)) return;
  const { negative, positive } = telling.set.clauses[cause]!;
  for (const asker of negative) tellIn(telling, state, asker);
  if (state.told.has(cause)) return;
  state.told.add(cause);
  const others = positive.filter((it) => it !== variable);
  const line = phraseClause(telling, telling.clauses[cause]!);
  const chosen = `, so ${nameOf(telling.stated.problem, variable)} must be in${others.length > 0 ? ':' : ''}`;
  const plain = namesOnly(telling.clauses[cause]!, nameOf(telling.stated.problem, variable));
  say(telling.lines, state, plain ? line : `${line}${chosen}`);
  for (const other of others) tellOut(telling, { ...state, indent: state.indent + 1 }, other);
}

/** Tells why something cannot be in: a clause says so, or what follows if it were. */
function tellOut(telling: Telling, state: State, variable: number): void {
  const cause = state.causes[variable]!;
  if (state.values[variable] === OUT && cause >= 0) {
    if (state.told.has(cause))
      say(telling.lines, state, `${nameOf(telling.stated.problem, variable)} cannot be in, as said`);
    else tellClause(telling, state, cause);
    return;
  }
  say(telling.lines, state, `with ${nameOf(telling.stated.problem, variable)}:`);
  const values = state.values.slice();
  values[variable] = IN;
  const below = { values, causes: state.causes.slice(), told: new Set(state.told), indent: state.indent + 1 };
  refute(telling, below);
}

function say(lines: string[], state: State, text: string): void {
  lines.push(`${'  '.repeat(state.indent)}${text}`);
}

const nameOf = (problem: Problem, variable: number): string => problem.variables[variable]!.name;

/** Whether a clause's group is one relation on the package itself, so that who reads it knows what must be in. */
function namesOnly({ origin }: Clause, name: string): boolean {
  return origin.kind !== 'exclude' && origin.group.length === 1 && origin.group[0]!.name === name;
}

function phraseClause({ stated }: Telling, { origin, negative }: Clause): string {
  const { problem, roots } = stated;
  switch (origin.kind) {
    case 'root': {
      const { why } = roots[origin.root]!;
      const asker = why.kind === 'spec' ? `the spec (${why.field})` : phraseReason(why);
      return `${asker} asks for ${formatAlternatives(origin.group)}`;
    }
    case 'exclude':
      return `the spec excludes ${origin.name}`;
    case 'conflict': {
      const struck = nameOf(problem, negative.find((it) => it !== origin.by) ?? origin.by);
      const relation = formatAlternatives(origin.group);
      const provided = origin.group[0]!.name === struck ? '' : `, which ${struck} provides`;
      return `${nameOf(problem, origin.by)} ${origin.field === 'Breaks' ? 'Breaks' : 'Conflicts with'} ${relation}${provided}`;
    }
    default: {
      const verb = origin.field === 'Pre-Depends' ? 'Pre-Depends on' : 'Depends on';
      return `${nameOf(problem, origin.by)} ${verb} ${formatAlternatives(origin.group)}`;
    }
  }
}

/** For each relation of a group that no package meets: what there is instead. */
function missingOf(stated: StatedRequest, { origin }: Clause): string[] {
  if (origin.kind === 'conflict' || origin.kind === 'exclude') return [];
  return origin.group
    .filter((relation) => stated.selection.satisfiers([relation]).length === 0)
    .map((relation) => phraseMissing(stated, relation));
}

function phraseMissing({ universe, selection, request }: StatedRequest, relation: Relation): string {
  const { name, constraint, qualifier } = relation;
  const own = selection.chosen(name);
  if (!own) return `nothing in these sources is ${name} or provides ${constraint ? formatRelation(relation) : 'it'}`;
  if (!satisfies(own.version, constraint)) {
    const which = request.resolution.pin[name] === undefined ? 'the candidate of' : 'the spec pins';
    return `${which} ${name} ${which.startsWith('the spec') ? `to ${own.version}` : `in these sources is ${own.version}`}`;
  }
  return `${name} is for ${universe.architecture} and cannot stand for ${name}:${qualifier}`;
}
