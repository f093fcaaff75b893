import { parseRelations } from '../../formats/debian/relation.ts';
import type { Resolution } from '../../model/spec.ts';
import type { Root } from '../request.ts';
import { digestIn } from './index-scan.ts';
import { numberFinder, reaching, type Wanted } from './name-graph.ts';
import type { Tables } from './tables.ts';
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
  const changes = changedNames(old, now);
  const numberOf = numberFinder(now.names);
  const touched = reaching(now.tables, numberOf, changes);
  const isTouched = (name: string): boolean => {
    const id = numberOf(name);
    return id < 0 ? changes.gone.has(name) : touched[id] === 1;
  };
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

/** Names that mean something else in the newer tables, numbered as there. Walks both lists, which are in one order, side by side. */
function changedNames(old: Named, now: Named): Wanted {
  const marked = new Uint8Array(now.names.length);
  const gone = new Set<string>();
  let at = 0;
  for (const [id, name] of now.names.entries()) {
    while (at < old.names.length && old.names[at]! < name) gone.add(old.names[at++]!);
    const known = old.names[at] === name;
    const isSame = known && hasSameCandidate(old, at, now, id) && hasSameProviders(old, at, now, id);
    marked[id] = isSame ? 0 : 1;
    if (known) at += 1;
  }
  for (const name of old.names.slice(at)) gone.add(name);
  return { marked, gone };
}

function candidateOf({ versions: { start, list } }: Tables, id: number): number | undefined {
  return start[id] === start[id + 1] ? undefined : list[start[id]!];
}

/** By digest; where none is stated, the version tells. */
function hasSameCandidate({ tables: old }: Named, before: number, { tables: now }: Named, after: number): boolean {
  const [was, is] = [candidateOf(old, before), candidateOf(now, after)];
  if (was === undefined || is === undefined) return was === is;
  const digest = digestIn(now.stanza(is));
  if (digestIn(old.stanza(was)) !== digest) return false;
  return digest !== undefined || old.field(was, 'version') === now.field(is, 'version');
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
