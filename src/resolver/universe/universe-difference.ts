import { parseRelations } from '../../formats/debian/relation.ts';
import type { Alternatives } from '../../model/relation.ts';
import type { Resolution } from '../../model/spec.ts';
import type { Root } from '../request.ts';
import { selectCandidates } from '../search/selection.ts';
import type { Universe } from './universe.ts';

/** What changed between two universes, asked for only as far as somebody needs it. */
export interface UniverseDifference {
  /** Whether a name means something else: another candidate, or other packages that Provide it. */
  isChanged(name: string): boolean;
  /**
   * Whether nothing that a request could ever look at has changed, so that its answer cannot have either. False where that is not
   * known. Both universes then state the very same problem.
   */
  isUntouched(request: { readonly roots: readonly Root[]; readonly resolution: Resolution }): boolean;
}

export function differenceOf(before: Universe, after: Universe): UniverseDifference {
  const changed = new Map<string, boolean>();
  const isChanged = (name: string): boolean => {
    let known = changed.get(name);
    if (known === undefined) {
      known = !hasSame(before, after, name) || before.provision(name) !== after.provision(name);
      changed.set(name, known);
    }
    return known;
  };
  const reach = makeReach(after, isChanged);
  const isUntouched: UniverseDifference['isUntouched'] = ({ roots, resolution }) => {
    // A walk is remembered for all images, so it follows one reading of relations only; the others are resolved.
    if (resolution.substitutes || resolution.recommends !== false || Object.keys(resolution.pin).length > 0)
      return false;
    const relations = [...roots.map((it) => it.relation), ...resolution.include];
    return relations.every((relation) => parseRelations(relation, 'root', after.architecture).every(reach.isClean));
  };
  return { isChanged, isUntouched };
}

/** Whether the candidate of a name is the same; where no digest says so, by its version. */
function hasSame(before: Universe, after: Universe, name: string): boolean {
  const digest = after.digest(name);
  if (before.digest(name) !== digest) return false;
  return Boolean(digest) || before.identity(name)?.version === after.identity(name)?.version;
}

interface Reach {
  /** Whether nothing that a group leads to, through any alternative, has changed. */
  isClean(group: Alternatives): boolean;
}

/**
 * Walks from a group through every alternative. A walk that meets no change makes all that it saw clean for good; one that does makes the
 * way to it dirty. So the walks of all images together see each package about once.
 */
function makeReach(universe: Universe, isChanged: (name: string) => boolean): Reach {
  const selection = selectCandidates(universe, { pin: {}, substitutes: false });
  const clean = new Set<string>();
  const dirty = new Set<string>();
  const touched = (group: Alternatives): boolean => group.some(({ name }) => isChanged(name));
  const groupsOf = (name: string): Alternatives[] => {
    const record = universe.candidate(name)!;
    return [...universe.relations(record, 'Pre-Depends'), ...universe.relations(record, 'Depends')];
  };
  const isClean = (group: Alternatives): boolean => {
    if (touched(group)) return false;
    const parents = new Map<string, string | undefined>();
    for (const { name } of selection.satisfiers(group)) parents.set(name, undefined);
    for (const [name] of parents) {
      if (clean.has(name)) continue;
      if (dirty.has(name) || isChanged(name) || groupsOf(name).some(touched)) {
        for (let at: string | undefined = name; at !== undefined; at = parents.get(at)) dirty.add(at);
        return false;
      }
      for (const next of groupsOf(name).flatMap((it) => selection.satisfiers(it))) {
        if (!parents.has(next.name)) parents.set(next.name, name);
      }
    }
    for (const name of parents.keys()) clean.add(name);
    return true;
  };
  return { isClean };
}
