import { join } from 'node:path';
import type { Reason } from '../../model/lock.ts';
import type { PackageRecord, VerifiedIndex } from '../../model/package.ts';
import type { ImageSpec, Resolution } from '../../model/spec.ts';
import type { Ports } from '../../ports/ports.ts';
import type { Need } from '../../resolver/evidence/gather.ts';
import { unmetWishes } from '../../resolver/explain/wishes.ts';
import { type ResolvedPackage, type ResolveOutcome, type Root, resolve } from '../../resolver/resolve.ts';
import type { Weights } from '../../resolver/search/objective.ts';
import { universeKey } from '../../resolver/universe/cache-format.ts';
import { loadUniverse, recallUniverse } from '../../resolver/universe/load-universe.ts';
import type { Universe } from '../../resolver/universe/universe.ts';

export interface Archive {
  readonly indexes: readonly VerifiedIndex[];
  readonly universe: Universe;
}

/** The packages that the spec's sources offer, from verified indexes. Throws what `PackageSource.indexes` throws. */
export async function openArchive(
  ports: Pick<Ports, 'source' | 'progress' | 'folders'>,
  os: ImageSpec['os'],
): Promise<Archive> {
  const indexes = await ports.source.indexes(os, ports.progress);
  const universe = loadUniverse(universeFolder(ports.folders), indexes, os.architecture);
  for (const warning of universe.warnings) ports.progress.note(`warning: ${warning}`);
  return { indexes, universe };
}

/** Where universes are kept in their binary form. */
export const universeFolder = (folders: Pick<Ports['folders'], 'cache'>): string => join(folders.cache, 'universes');

/** Name of the file below that folder in which the universe of some indexes is. */
export const universeFile = (indexes: readonly VerifiedIndex[], architecture: string): string =>
  `${universeKey(indexes, architecture)}.universe`;

/** Whether that file is there and whole. */
export function hasUniverse(folder: string, file: string, architecture: string): boolean {
  return recallUniverse(folder, file, architecture) !== undefined;
}

/** What the spec itself names: the roots of the closure. */
export function rootsOf(spec: ImageSpec): Root[] {
  const named = (relations: readonly string[], field: string): Root[] =>
    relations.map((relation) => ({ relation, why: { kind: 'spec', field } }));
  return [
    ...named(spec.application.packages, 'application.packages'),
    ...named(spec.resolution.include, 'resolution.include'),
  ];
}

/** The least set that the relations of the application ask for. */
export function resolveClosure(
  universe: Universe,
  spec: ImageSpec,
  more: readonly Root[] = [],
  weights?: Weights,
): ResolveOutcome {
  return resolve(universe, { roots: [...rootsOf(spec), ...more], resolution: spec.resolution, weights });
}

/** Tells which of the spec's wishes its closure does not meet. */
export function noteWishes(
  { progress }: Pick<Ports, 'progress'>,
  universe: Universe,
  { resolution }: ImageSpec,
  { packages }: { readonly packages: readonly PackageRecord[] },
): void {
  for (const unmet of unmetWishes(universe, resolution, packages)) progress.note(unmet);
}

/** Roots that hold packages at the versions that an earlier answer chose. */
export function pinned(packages: readonly PackageRecord[], why: Reason): Root[] {
  return packages.map(({ name, version }) => ({ relation: `${name} (= ${version})`, why }));
}

export type Extension =
  | { readonly kind: 'resolved'; readonly packages: readonly ResolvedPackage[] }
  | Extract<ResolveOutcome, { kind: 'unsatisfiable' }>;

/** What a set needs on top of `chosen`, with nothing of `chosen` changed: only the packages that are new. */
export function extendClosure(
  universe: Universe,
  chosen: readonly PackageRecord[],
  roots: readonly Root[],
  resolution: Resolution,
): Extension {
  if (roots.length === 0) return { kind: 'resolved', packages: [] };
  const kept = pinned(chosen, { kind: 'boot', purpose: 'chosen already' });
  const outcome = resolve(universe, { roots: [...kept, ...roots], resolution });
  if (outcome.kind === 'unsatisfiable') return outcome;
  const before = new Set(chosen.map((it) => it.name));
  return { kind: 'resolved', packages: outcome.packages.filter((it) => !before.has(it.name)) };
}

/** A need as the reason that a lock states. */
export function reasonOf({ rule, by, needs, line }: Need): Reason {
  return { kind: 'evidence', rule, by, needs, ...(line === undefined ? {} : { line }) };
}
