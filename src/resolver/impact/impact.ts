import { memoise } from '../../formats/memoise.ts';
import { KilnError } from '../../model/error.ts';
import type { PackageRecord } from '../../model/package.ts';
import type { Resolution } from '../../model/spec.ts';
import type { Weights } from '../search/objective.ts';
import { selectCandidates } from '../search/selection.ts';
import type { Identity, Universe } from '../universe/universe.ts';
import {
  type ImpactImage,
  type LockedState,
  type PackedImage,
  type PackedImages,
  packImages,
} from './impact-images.ts';
import { type LeastSets, leastSetsOf } from './least-sets.ts';

/** A package that would be another; undefined where it would not be there (any more, or before). */
export interface ImpactChange {
  readonly name: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export interface Impact {
  readonly image: string;
  /**
   * `updated`: locked packages have other candidates now, so the set cannot stay. `better`: all are as locked, but another set is the
   * least now, or what is locked is not valid any more. `unsatisfiable`: there is no valid set any more.
   */
  readonly cause: 'updated' | 'better' | 'unsatisfiable';
  readonly changes: readonly ImpactChange[];
  /** Packages whose new files must be read before the evidence is known again; sorted. */
  readonly unread: readonly string[];
  /** Of `unsatisfiable`: what the image asks for that is not there any more, where it is a single thing. */
  readonly detail?: string;
  /** Of `unsatisfiable`, where somebody found it out: the contradiction, as `resolve` tells it. */
  readonly explanation?: readonly string[];
}

export interface ImpactOptions {
  /** Whether nothing in reach of an image has changed since its closure was the least set, so that it still is (`differenceOf`). */
  readonly isUntouched?: (image: PackedImage) => boolean;
  /** Find the new set of every image that changes, so that `changes` has packages that come and go, too. */
  readonly complete?: boolean;
  /** For the objective `vulnerabilities`. */
  readonly weights?: Weights;
  /** Changes that neither the closure nor a candidate of the same name tells of. */
  readonly movedOf?: (image: PackedImage) => readonly ImpactChange[];
}

/**
 * The images that would change under the universe `after`, in their order: exactly those whose closure, resolved again, is another
 * (or whose other packages have another candidate). Most are decided without resolving, the rest with shared work.
 */
export function impactOf(
  images: Iterable<ImpactImage>,
  after: Universe,
  options: ImpactOptions = {},
): Generator<Impact, void, undefined> {
  return impactOfPacked(packImages(images), after, options);
}

/** `impactOf` for images whose packages are numbers: a package that all have is compared once. */
export function* impactOfPacked(
  { states, images }: PackedImages,
  after: Universe,
  { isUntouched = () => false, complete = false, weights, movedOf = () => [] }: ImpactOptions = {},
): Generator<Impact, void, undefined> {
  const stateChanges = changesOfStates(states, after);
  const leastSet = leastSetsOf(after);
  const comeAndGo = makeComeAndGo(states);
  for (const image of images) {
    const locked = changesOf(image, states, stateChanges, after);
    if (!Array.isArray(locked)) {
      yield locked;
      continue;
    }
    const moved = movedOf(image).filter((it) => !locked.some((other) => other.name === it.name));
    const changes = moved.length === 0 ? locked : [...locked, ...moved];
    if (changes.length > 0 && !complete) yield updated(image.name, changes);
    // Weights may have changed where no package has.
    else if (changes.length === 0 && image.resolution.objective !== 'vulnerabilities' && isUntouched(image)) continue;
    else {
      const impact = findAgain({ leastSet, weights, comeAndGo }, image, changes);
      if (impact) yield impact;
    }
  }
}

/** By number of the state; the bytes tell the same in so little room that a loop over millions stays in the processor's cache. */
interface StateChanges {
  readonly changeOf: readonly (ImpactChange | undefined)[];
  readonly isChanged: Uint8Array;
}

function changesOfStates(states: PackedImages['states'], after: Universe): StateChanges {
  const changeOf = states.map((state) => {
    const same = state.sha256 && after.digest(state.name) === state.sha256;
    return same ? undefined : compare(state, after.identity(state.name));
  });
  return { changeOf, isChanged: Uint8Array.from(changeOf, (it) => (it ? 1 : 0)) };
}

function compare({ name, version, sha256 }: LockedState, now: Identity | undefined): ImpactChange | undefined {
  const same = now?.version === version && (sha256 === undefined || now.sha256 === sha256);
  return same ? undefined : { name, before: version, after: now?.version };
}

/** Locked packages that have other candidates now; the impact itself where a pin names what is not there any more. */
function changesOf(
  image: PackedImage,
  states: PackedImages['states'],
  { changeOf, isChanged }: StateChanges,
  after: Universe,
): ImpactChange[] | Impact {
  try {
    const pinned = pinnedOf(after, image.resolution);
    const changes: ImpactChange[] = [];
    for (const part of [image.closure, image.others]) {
      for (let i = 0; i < part.length; i += 1) {
        const number = part[i]!;
        if (!pinned && isChanged[number] === 0) continue;
        const name = pinned && states[number]!.name;
        const change = name && pinned.has(name) ? compare(states[number]!, pinned.get(name)) : changeOf[number];
        if (change) changes.push(change);
      }
    }
    return changes;
  } catch (error) {
    return unsatisfiable(image.name, [], error);
  }
}

function pinnedOf(universe: Universe, { pin }: Resolution): Map<string, PackageRecord> | undefined {
  const names = Object.keys(pin);
  if (names.length === 0) return undefined;
  const { chosen } = selectCandidates(universe, { pin, substitutes: false });
  return new Map(names.map((name) => [name, chosen(name)!]));
}

const updated = (image: string, changes: readonly ImpactChange[]): Impact => ({
  image,
  cause: 'updated',
  changes,
  unread: unreadOf(changes),
});

/** A spec that asks for what is not there any more is that image's trouble; an index that cannot be read is everybody's. */
function unsatisfiable(image: string, changes: readonly ImpactChange[], error?: unknown): Impact {
  if (error === undefined) return { image, cause: 'unsatisfiable', changes, unread: [] };
  if (!(error instanceof KilnError && error.code === 'SPEC_INVALID')) throw error;
  return { image, cause: 'unsatisfiable', changes, unread: [], detail: error.message };
}

function unreadOf(changes: readonly ImpactChange[]): string[] {
  const names: string[] = [];
  let inOrder = true;
  for (const { name, after } of changes) {
    if (after === undefined) continue;
    inOrder &&= names.length === 0 || names.at(-1)! < name;
    names.push(name);
  }
  return inOrder ? names : names.sort();
}

interface Again {
  readonly leastSet: LeastSets;
  readonly weights: Weights | undefined;
  readonly comeAndGo: ComeAndGo;
}

function findAgain(
  { leastSet, weights, comeAndGo }: Again,
  image: PackedImage,
  known: readonly ImpactChange[],
): Impact | undefined {
  const { name, roots, resolution } = image;
  try {
    const least = leastSet({ roots, resolution, weights });
    if (least.kind === 'unsatisfiable') return unsatisfiable(name, known);
    const moved = comeAndGo(image, least.packages, known);
    const changes = moved.length === 0 ? known : [...known, ...moved].sort((a, b) => (a.name < b.name ? -1 : 1));
    if (changes.length === 0) return undefined;
    return { image: name, cause: known.length > 0 ? 'updated' : 'better', changes, unread: unreadOf(changes) };
  } catch (error) {
    return unsatisfiable(name, known, error);
  }
}

/** Packages on one side only; one that leaves is told as such even where its candidate changed, too. */
type ComeAndGo = (
  image: PackedImage,
  packages: readonly PackageRecord[],
  known: readonly ImpactChange[],
) => readonly ImpactChange[];

/** Changes of one package are the same object in all images, of which there may be thousands. */
function makeComeAndGo(states: PackedImages['states']): ComeAndGo {
  let count = 0;
  const numbered = memoise((_: string) => count++);
  const ofState = memoise((state: number) => numbered(states[state]!.name));
  const ofPackage = memoise((it: PackageRecord) => numbered(it.name));
  const come = memoise(({ name, version }: PackageRecord) => ({ name, before: undefined, after: version }));
  const gone = memoise((state: number): ImpactChange => {
    const { name, version } = states[state]!;
    return { name, before: version, after: undefined };
  });
  const locked: boolean[] = [];
  return ({ closure }, packages, known) => {
    for (const state of closure) locked[ofState(state)] = true;
    const moved: ImpactChange[] = [];
    for (const it of packages) {
      const number = ofPackage(it);
      if (!locked[number]) moved.push(come(it));
      locked[number] = false;
    }
    const told = new Set(known.map((it) => it.name));
    for (const state of closure) {
      if (locked[ofState(state)] && !told.has(states[state]!.name)) moved.push(gone(state));
      locked[ofState(state)] = false;
    }
    return moved;
  };
}
