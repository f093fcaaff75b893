import { canonicalJson } from '../../model/canonical.ts';
import { KilnError } from '../../model/error.ts';
import type { Ports } from '../../ports/ports.ts';
import { type Impact, type ImpactChange, impactOfPacked } from '../../resolver/impact/impact.ts';
import type { PackedImage, PackedImages } from '../../resolver/impact/impact-images.ts';
import { onlySince } from '../../resolver/impact/impact-since.ts';
import { resolve } from '../../resolver/resolve.ts';
import type { Universe } from '../../resolver/universe/universe.ts';
import { updatedUniverse } from '../../resolver/universe/updated-universe.ts';
import { openArchive } from '../lock/closure.ts';
import { kernelPackage } from '../lock/make-lock.ts';
import { knownUnder, untouchedSince } from './known-under.ts';
import { type PlanBook, type PlannedVersion, writeBook } from './plan-book.ts';
import { publishedVersions } from './published-versions.ts';
import { universeSince } from './universe-since.ts';

export type PlanPorts = Pick<Ports, 'catalog' | 'store' | 'specs' | 'source' | 'progress' | 'folders'>;

export interface PlanOptions {
  /** Version by package name: what the sources of today would be with them. */
  readonly updates?: Readonly<Record<string, string>>;
  /** Only what changed since an index: a digest's first digits, a date, or a folder of Packages files. */
  readonly since?: string;
  /** Whether packages that come and go with a change are found, too; default true. Without it nothing that surely changes is resolved. */
  readonly complete?: boolean;
}

export interface UpdatePlan {
  /** Images with a published version that were looked at. */
  readonly looked: number;
  readonly impacts: readonly Impact[];
  /** Images that could not be looked at, with the reason. */
  readonly troubled: readonly { readonly image: string; readonly reason: string }[];
}

/**
 * Which published images would change under the sources of today, or if packages had other versions, and how. Nothing is built;
 * an image whose evidence must be read again is told by its `unread` packages. Throws NOT_FOUND for an unknown `since`
 * and for an update of a package that nobody has.
 */
export async function planUpdate(ports: PlanPorts, options: PlanOptions = {}): Promise<UpdatePlan> {
  const { troubled, ...book } = await publishedVersions(ports);
  const { states, versions, universes } = book;
  let known: PlanBook = book;
  const impacts: Impact[] = [];
  const isToday = Object.keys(options.updates ?? {}).length === 0;
  const unknown = new Map<string, readonly string[] | undefined>();
  for (const [key, group] of Map.groupBy(versions.values(), sourcesOf)) {
    ports.progress.note(`reading the index of ${key}`);
    const archive = await openArchive(ports, group[0]!.os);
    const { universe, indexes } = archive;
    for (const name of Object.keys(options.updates ?? {})) noteUnknown(universe, name, unknown);
    const after = updatedUniverse(universe, options.updates ?? {});
    const { images, kernels } = pack(group);
    const movedOf = ({ name, others }: PackedImage) => kernelMoved(after, kernels.get(name)!, others, states);
    const isUntouched = isToday ? await untouchedSince(ports, group, universes, archive) : undefined;
    const wanted = { complete: options.complete ?? true, movedOf, isUntouched };
    const found = [...impactOfPacked({ states, images }, after, wanted)];
    if (isToday) known = knownUnder(known, group, new Set(found.map((it) => it.image)), archive);
    const byName = new Map(images.map((it) => [it.name, it]));
    if (options.since === undefined) impacts.push(...explained(found, byName, after));
    else {
      const before = universeSince(ports.folders, options.since, indexes, group[0]!.os.architecture);
      impacts.push(...explained(onlySince(found, byName, before, after), byName, after));
    }
  }
  if (known !== book) await writeBook(ports, known);
  for (const [name, nearest] of unknown) if (nearest) throw unknownPackage(name, nearest);
  return { looked: versions.size, impacts, troubled };
}

/** Notes the nearest names of a package that no sources have so far; undefined once some have it. */
function noteUnknown(universe: Universe, name: string, unknown: Map<string, readonly string[] | undefined>): void {
  if (universe.candidate(name)) unknown.set(name, undefined);
  else if (!unknown.has(name)) unknown.set(name, universe.nearest(name));
}

function unknownPackage(name: string, nearest: readonly string[]): KilnError {
  const hint = nearest.length > 0 ? `nearest names: ${nearest.join(', ')}` : undefined;
  return new KilnError('NOT_FOUND', `no image's sources have a package ${name}`, { hint });
}

/** Nobody reads more of them, and each takes a search. */
const EXPLAINED = 10;

/** The first images that have no valid set any more are told why. */
function* explained(
  impacts: Iterable<Impact>,
  images: ReadonlyMap<string, PackedImage>,
  universe: Universe,
): Generator<Impact> {
  let told = 0;
  for (const impact of impacts) {
    const asked = impact.cause === 'unsatisfiable' && impact.detail === undefined && told < EXPLAINED;
    const outcome = asked ? resolve(universe, images.get(impact.image)!) : undefined;
    if (outcome) told += 1;
    yield outcome?.kind === 'unsatisfiable' ? { ...impact, explanation: outcome.explanation } : impact;
  }
}

/** Images that read the same sources share one universe. */
function sourcesOf({ os }: PlannedVersion): string {
  const { release, architecture, sources } = os;
  return sources ? `${release} ${architecture} ${canonicalJson(sources)}` : `${release} ${architecture}`;
}

function pack(group: readonly PlannedVersion[]): { images: PackedImage[]; kernels: Map<string, string> } {
  const images = group.map(({ image, roots, resolution, closure, others }): PackedImage => {
    const why = { kind: 'spec', field: 'application.packages' } as const;
    return { name: image, roots: roots.map((relation) => ({ relation, why })), resolution, closure, others };
  });
  return { images, kernels: new Map(group.map((it) => [it.image, it.kernel])) };
}

/** A new kernel is a package of another name, which nothing in the lock would show. */
function kernelMoved(
  universe: Universe,
  kernel: string,
  others: Uint32Array,
  states: PackedImages['states'],
): ImpactChange[] {
  const current = universe.candidate(kernel) && kernelPackage(universe, kernel);
  if (!current) return [];
  const locked = Array.from(others, (it) => states[it]!);
  const old = locked.filter((it) => it.name.startsWith('linux-image-'));
  if (old.length === 0 || old.some((it) => it.name === current.name)) return [];
  return [
    ...old.map(({ name, version }) => ({ name, before: version, after: undefined })),
    { name: current.name, before: undefined, after: current.version },
  ];
}
