import type { Resolution } from '../model/spec.ts';
import { type ResolveOutcome, type Root, resolve } from './resolve.ts';
import { selectCandidates } from './selection.ts';
import type { Identity, Universe } from './universe.ts';
import { differenceOf } from './universe-difference.ts';

/** A package as a lock states it; without `sha256` only versions are compared. */
export interface LockedState {
  readonly name: string;
  readonly version: string;
  readonly sha256?: string;
}

/** What impact needs of an image: what its closure was resolved from (locked evidence among the roots), and what it locked. */
export interface ImpactImage {
  readonly name: string;
  readonly roots: readonly Root[];
  readonly resolution: Resolution;
  /** All packages that the relations brought. */
  readonly closure: readonly LockedState[];
  /** Packages of which only files are in, or that are there to boot: compared by version, not resolved. */
  readonly others?: readonly LockedState[];
}

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
}

export interface ImpactOptions {
  /** The universe that the locks were made from: lets images be passed over of which nothing in reach has changed. */
  readonly before?: Universe;
  /** Resolve every image that changes, so that `changes` has packages that come and go, too. */
  readonly complete?: boolean;
}

/**
 * The images that would change under the universe `after`, in their order: exactly those whose closure, resolved again, is another
 * (or whose other packages have another candidate). Most are decided without resolving.
 */
export function* impactOf(
  images: Iterable<ImpactImage>,
  after: Universe,
  { before, complete = false }: ImpactOptions = {},
): Generator<Impact, void, undefined> {
  const plain = remember(after.identity);
  const isUntouched = before ? differenceOf(before, after).isUntouched : () => false;
  for (const image of images) {
    const pins = Object.keys(image.resolution.pin).length > 0;
    const current = pins ? remember(selectCandidates(after, image.resolution).chosen) : plain;
    const changes = [...changesOf(image.closure, current), ...changesOf(image.others ?? [], current)];
    if (changes.length === 0 && isUntouched(image)) continue;
    if (changes.length > 0 && !complete) {
      yield { image: image.name, cause: 'updated', changes, unread: unreadOf(changes) };
      continue;
    }
    const impact = resolveAgain(image, after, changes);
    if (impact) yield impact;
  }
}

/** What stands for each name now, looked up once for all images. */
interface Currents {
  identityOf(name: string): Identity | undefined;
  /** By name, a locked state that was found to be as it is now: locks often share the object, which saves comparing. */
  readonly same: Map<string, LockedState>;
}

function remember(lookUp: (name: string) => Identity | undefined): Currents {
  const known = new Map<string, Identity | undefined>();
  const identityOf = (name: string): Identity | undefined => {
    const identity = known.get(name);
    if (identity !== undefined || known.has(name)) return identity;
    const found = lookUp(name);
    known.set(name, found);
    return found;
  };
  return { identityOf, same: new Map() };
}

function changesOf(locked: readonly LockedState[], { identityOf, same }: Currents): ImpactChange[] {
  const changes: ImpactChange[] = [];
  for (const state of locked) {
    if (same.get(state.name) === state) continue;
    const { name, version, sha256 } = state;
    const identity = identityOf(name);
    if (identity?.version === version && (sha256 === undefined || identity.sha256 === sha256)) same.set(name, state);
    else changes.push({ name, before: version, after: identity?.version });
  }
  return changes;
}

function unreadOf(changes: readonly ImpactChange[]): string[] {
  return changes
    .filter((it) => it.after !== undefined)
    .map((it) => it.name)
    .sort();
}

function resolveAgain(image: ImpactImage, after: Universe, known: readonly ImpactChange[]): Impact | undefined {
  const outcome = resolve(after, { roots: image.roots, resolution: image.resolution });
  if (outcome.kind === 'unsatisfiable')
    return { image: image.name, cause: 'unsatisfiable', changes: known, unread: [] };
  const changes = [...known, ...comeAndGo(image, outcome, known)].sort((a, b) => (a.name < b.name ? -1 : 1));
  if (changes.length === 0) return undefined;
  return { image: image.name, cause: known.length > 0 ? 'updated' : 'better', changes, unread: unreadOf(changes) };
}

/** Packages on one side only; one that leaves is told as such even where its candidate changed, too. */
function comeAndGo(
  image: ImpactImage,
  outcome: ResolveOutcome & { kind: 'resolved' },
  known: readonly ImpactChange[],
): ImpactChange[] {
  const told = new Set(known.map((it) => it.name));
  const old = new Set(image.closure.map((it) => it.name));
  const now = new Set(outcome.packages.map((it) => it.name));
  const come = outcome.packages.filter((it) => !old.has(it.name));
  const gone = image.closure.filter((it) => !now.has(it.name) && !told.has(it.name));
  return [
    ...come.map(({ name, version }) => ({ name, before: undefined, after: version })),
    ...gone.map(({ name, version }) => ({ name, before: version, after: undefined })),
  ];
}
