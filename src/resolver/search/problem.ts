import type { PackageRecord } from '../../model/package.ts';
import type { Alternatives } from '../../model/relation.ts';
import type { Universe } from '../universe/universe.ts';
import type { Selection } from './selection.ts';

/** Where a clause comes from: what an explanation says of it. */
export type Origin =
  | { readonly kind: 'root'; readonly root: number; readonly group: Alternatives }
  | {
      readonly kind: 'depends' | 'prefer';
      readonly by: number;
      readonly field: DependencyField;
      readonly group: Alternatives;
    }
  | { readonly kind: 'conflict'; readonly by: number; readonly field: ConflictField; readonly group: Alternatives }
  | { readonly kind: 'exclude'; readonly name: string };

export type DependencyField = 'Depends' | 'Pre-Depends' | 'Recommends';
export type ConflictField = 'Conflicts' | 'Breaks';

/** At least one of `positive` is in, or one of `negative` is out. */
export interface Clause {
  /**
   * How a proof calls it: `root/N`, `exclude/NAME`, `PACKAGE/FIELD/N` (the field's group N, from 0), with `/prefer` for a preference
   * among its members, or with the package that is struck.
   */
  readonly name: string;
  readonly negative: readonly number[];
  readonly positive: readonly number[];
  readonly origin: Origin;
}

/** What a variable stands for: a package, or that a wish (a Recommends, a preference) is given up; then `name` is its clause's. */
export type Variable =
  | { readonly kind: 'package'; readonly name: string; readonly record: PackageRecord }
  | { readonly kind: 'wish'; readonly name: string; readonly wish: 'recommends' | 'prefer' };

/**
 * The question as clauses over packages that are in or out. Variables that are packages come first, in the order of their names, so
 * that comparing numbers compares names.
 */
export interface Problem {
  readonly variables: readonly Variable[];
  readonly packages: number;
  readonly clauses: readonly Clause[];
}

/** What the clauses are made of. */
export interface ProblemRequest {
  readonly roots: readonly Alternatives[];
  readonly exclude: readonly string[];
  readonly prefer: readonly string[];
  /** Whether the Recommends of a package are wished for. */
  readonly recommends: (name: string) => boolean;
}

/** A clause before packages are numbered. */
interface RawClause {
  readonly by: PackageRecord | undefined;
  readonly field: DependencyField;
  readonly position: number;
  readonly group: Alternatives;
  readonly positive: readonly PackageRecord[];
}

/** States a request as clauses over what can be reached from its roots through any alternative. Throws INDEX_CORRUPT. */
export function stateProblem(universe: Universe, selection: Selection, request: ProblemRequest): Problem {
  const { reached, raw } = reach(universe, selection, request);
  const records = [...reached].sort((a, b) => (a.name < b.name ? -1 : 1));
  const numbers = new Map(records.map((record, number) => [record, number]));
  const variables: Variable[] = records.map((record) => ({ kind: 'package', name: record.name, record }));
  const preferred = new Set(request.prefer);
  const clauses = raw.flatMap((it) => numberClause(it, numbers, variables, preferred));
  for (const clause of conflicts(universe, selection, records, numbers)) clauses.push(clause);
  for (const name of request.exclude) {
    const number = records.findIndex((it) => it.name === name);
    if (number < 0) continue;
    clauses.push({ name: `exclude/${name}`, negative: [number], positive: [], origin: { kind: 'exclude', name } });
  }
  return { variables, packages: records.length, clauses };
}

/** A relation's clause; a Recommends may be given up, and a preference among the members is a clause of its own. */
function numberClause(
  { by, field, position, group, positive }: RawClause,
  numbers: ReadonlyMap<PackageRecord, number>,
  variables: Variable[],
  preferred: ReadonlySet<string>,
): Clause[] {
  const members = positive.map((record) => numbers.get(record)!);
  if (!by)
    return [
      { name: `root/${position}`, negative: [], positive: members, origin: { kind: 'root', root: position, group } },
    ];
  const giveUp = (wish: 'recommends' | 'prefer', name: string): number =>
    variables.push({ kind: 'wish', wish, name }) - 1;
  const from = numbers.get(by)!;
  const name = `${by.name}/${field}/${position}`;
  const liked = members.filter((_, i) => preferred.has(positive[i]!.name));
  const origin = { by: from, field, group };
  const hard = field === 'Recommends' ? [...members, giveUp('recommends', name)] : members;
  const clauses: Clause[] = [{ name, negative: [from], positive: hard, origin: { kind: 'depends', ...origin } }];
  if (liked.length > 0 && liked.length < members.length) {
    const soft = [...liked, giveUp('prefer', `${name}/prefer`)];
    clauses.push({ name: `${name}/prefer`, negative: [from], positive: soft, origin: { kind: 'prefer', ...origin } });
  }
  return clauses;
}

function reach(
  universe: Universe,
  selection: Selection,
  request: ProblemRequest,
): { reached: Set<PackageRecord>; raw: RawClause[] } {
  const reached = new Set<PackageRecord>();
  const raw: RawClause[] = [];
  const add = (by: PackageRecord | undefined, field: DependencyField, position: number, group: Alternatives): void => {
    const positive = by ? selection.satisfiers(group) : selection.rootSatisfiers(group);
    if (by && positive.includes(by)) return;
    raw.push({ by, field, position, group, positive });
    for (const record of positive) reached.add(record);
  };
  request.roots.forEach((group, position) => void add(undefined, 'Depends', position, group));
  // A Set's iteration goes on to what is added meanwhile: this loop is the walk.
  for (const by of reached) {
    const fields: DependencyField[] = ['Pre-Depends', 'Depends'];
    if (request.recommends(by.name)) fields.push('Recommends');
    for (const field of fields) {
      for (const [position, group] of universe.relations(by, field).entries()) add(by, field, position, group);
    }
  }
  return { reached, raw };
}

function* conflicts(
  universe: Universe,
  selection: Selection,
  records: readonly PackageRecord[],
  numbers: ReadonlyMap<PackageRecord, number>,
): Generator<Clause> {
  for (const [by, record] of records.entries()) {
    for (const field of ['Conflicts', 'Breaks'] as const) {
      for (const [position, group] of universe.relations(record, field).entries()) {
        for (const other of selection.struck(group[0]!, record)) {
          const number = numbers.get(other);
          if (number === undefined) continue;
          const name = `${record.name}/${field}/${position}/${other.name}`;
          yield { name, negative: [by, number], positive: [], origin: { kind: 'conflict', by, field, group } };
        }
      }
    }
  }
}
