import { parseRelations } from '../../formats/debian/relation.ts';
import { memoise } from '../../formats/memoise.ts';
import type { Resolution } from '../../model/spec.ts';
import type { Root } from '../request.ts';
import type { Tables } from './columns.ts';
import { reaching } from './name-graph.ts';
import { tablesOf, type Universe } from './universe.ts';

/** What changed between two universes, found for all names at once. */
export interface UniverseDifference {
  /**
   * Whether nothing that a request could ever look at has changed, so that its answer cannot have either. False where that is not
   * known. Both universes then state the very same problem.
   */
  isUntouched(request: { readonly roots: readonly Root[]; readonly resolution: Resolution }): boolean;
}

/**
 * The difference of two universes that are made of indexes. A name is touched when its candidate or the packages that Provide it are
 * others, or when what its candidate Depends on leads, through any alternative, to one that is: versions are not looked at, so that more may
 * count as touched than is, and never less.
 */
export function differenceOf(before: Universe, after: Universe): UniverseDifference {
  const [old, now] = [namedTables(before), namedTables(after)];
  const marked = changedNames(old, now);
  // What leads to a name that is gone is known by the older universe, and what leads to a new one by the newer. All between is the same in both.
  const sides = [
    { names: old.tables.names, touched: reaching(old.tables.leading(), marked.old) },
    { names: now.tables.names, touched: reaching(now.tables.leading(), marked.now) },
  ];
  const isTouched = memoise((name: string): boolean =>
    sides.some(({ names, touched }) => {
      const id = names.find(name);
      return id >= 0 && touched[id] === 1;
    }),
  );
  return {
    isUntouched({ roots, resolution }) {
      // Other readings of relations see other packages.
      if (resolution.substitutes || resolution.recommends !== false || Object.keys(resolution.pin).length > 0)
        return false;
      const relations = [...roots.map((it) => it.relation), ...resolution.include];
      return !relations
        .flatMap((it) => parseRelations(it, 'root', after.architecture))
        .some((group) => group.some((it) => isTouched(it.name)));
    },
  };
}

interface Named {
  readonly tables: Tables;
  /** By number, in code-unit order. */
  readonly names: readonly string[];
}

function namedTables(universe: Universe): Named {
  const tables = tablesOf(universe);
  return { tables, names: Array.from({ length: tables.names.count }, (_, id) => tables.names.at(id)) };
}

/** By number, 1 for names that mean something else on the other side. Walks both lists, which are in one order, side by side. */
function changedNames(old: Named, now: Named): { readonly old: Uint8Array; readonly now: Uint8Array } {
  const marked = { old: new Uint8Array(old.names.length).fill(1), now: new Uint8Array(now.names.length).fill(1) };
  let at = 0;
  for (const [id, name] of now.names.entries()) {
    while (at < old.names.length && old.names[at]! < name) at += 1;
    if (old.names[at] !== name || !hasSameCandidate(old, at, now, id) || !hasSameProviders(old, at, now, id)) continue;
    marked.old[at] = 0;
    marked.now[id] = 0;
  }
  return marked;
}

function candidateOf({ versions: { start, list } }: Tables, id: number): number | undefined {
  return start[id] === start[id + 1] ? undefined : list[start[id]!];
}

function hasSameCandidate({ tables: old }: Named, before: number, { tables: now }: Named, after: number): boolean {
  const [was, is] = [candidateOf(old, before), candidateOf(now, after)];
  if (was === undefined || is === undefined) return was === is;
  const [earlier, later] = [old.identities(), now.identities()];
  return earlier[was * 2] === later[is * 2] && earlier[was * 2 + 1] === later[is * 2 + 1];
}

/** Whether the same names Provide a name; what those are now is their own matter. */
function hasSameProviders(old: Named, before: number, now: Named, after: number): boolean {
  const [was, is] = [providersOf(old, before), providersOf(now, after)];
  return was.length === is.length && was.every((name, at) => name === is[at]);
}

/** Names whose candidates Provide a name, in their order. */
function providersOf({ tables, names }: Named, id: number): string[] {
  const { nameOf, providers } = tables;
  const { start, list } = providers;
  if (start[id] === start[id + 1]) return [];
  const found = new Set<number>();
  for (const stanza of list.subarray(start[id]!, start[id + 1]!))
    if (candidateOf(tables, nameOf[stanza]!) === stanza) found.add(nameOf[stanza]!);
  return [...found].sort((a, b) => a - b).map((it) => names[it]!);
}
