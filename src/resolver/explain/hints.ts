import { formatAlternatives } from '../../formats/debian/relation.ts';
import { satisfies } from '../../formats/debian/version.ts';
import type { Relation } from '../../model/relation.ts';
import type { StatedRequest } from '../request.ts';
import type { Clause } from '../search/problem.ts';

/** What the user can do about a contradiction; nothing that only a packager could do. */
export function hintsFor(stated: StatedRequest, clauses: readonly Clause[]): string[] {
  const hints = new Set<string>();
  for (const { origin } of clauses) {
    if (origin.kind === 'exclude') hints.add(`take ${origin.name} out of resolution.exclude`);
    if (origin.kind === 'exclude' || origin.kind === 'conflict') continue;
    for (const relation of origin.group) for (const hint of unmetHints(stated, relation, origin.kind)) hints.add(hint);
  }
  for (const name of pinnedIn(stated, clauses)) hints.add(`take the pin of ${name} out of resolution.pin`);
  const roots = clauses.flatMap(({ origin }) => (origin.kind === 'root' ? [formatAlternatives(origin.group)] : []));
  if (roots.length > 1 && hints.size === 0) hints.add(`leave out one of ${roots.join(', ')}`);
  return [...hints];
}

function unmetHints({ universe, selection }: StatedRequest, relation: Relation, kind: string): string[] {
  const { name, constraint } = relation;
  if (selection.satisfiers([relation]).length > 0) return [];
  const other = universe
    .versions(name)
    .find((it) => it !== selection.chosen(name) && satisfies(it.version, constraint));
  if (other) {
    const { codename } = universe.indexes[other.index]!;
    return [
      `${name} ${other.version} is in ${codename}: pin it, with "${name}: release=${codename}" in resolution.pin`,
    ];
  }
  if (kind !== 'root') return [];
  if (universe.candidate(name)) return [`ask for ${name} without a version, or enable a source that has it`];
  const near = universe.nearest(name);
  return near.length > 0 ? [`nearest names: ${near.join(', ')}`] : [];
}

/** Pinned packages that the contradiction speaks of. */
function pinnedIn({ request, problem }: StatedRequest, clauses: readonly Clause[]): string[] {
  const named = new Set<string>();
  for (const { negative, positive, origin } of clauses) {
    for (const variable of [...negative, ...positive]) named.add(problem.variables[variable]!.name);
    if (origin.kind !== 'exclude') for (const relation of origin.group) named.add(relation.name);
  }
  return Object.keys(request.resolution.pin).filter((it) => named.has(it));
}
