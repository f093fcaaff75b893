import { canonicalJson } from '../../model/canonical.ts';
import type { Ports } from '../../ports/ports.ts';
import { type Impact, type ImpactChange, impactOfPacked } from '../../resolver/impact.ts';
import type { PackedImage, PackedImages } from '../../resolver/impact-images.ts';
import { onlySince } from '../../resolver/impact-since.ts';
import type { Universe } from '../../resolver/universe.ts';
import { updatedUniverse } from '../../resolver/updated-universe.ts';
import { openArchive } from '../lock/closure.ts';
import { kernelPackage } from '../lock/make-lock.ts';
import type { PlannedVersion } from './plan-book.ts';
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
 * an image whose evidence must be read again is told by its `unread` packages. Throws NOT_FOUND for an unknown `since`.
 */
export async function planUpdate(ports: PlanPorts, options: PlanOptions = {}): Promise<UpdatePlan> {
  const { states, versions, troubled } = await publishedVersions(ports);
  const impacts: Impact[] = [];
  for (const [key, group] of Map.groupBy(versions.values(), sourcesOf)) {
    ports.progress.note(`reading the index of ${key}`);
    const { universe, indexes } = await openArchive(ports, group[0]!.os);
    const after = updatedUniverse(universe, options.updates ?? {});
    const { images, kernels } = pack(group);
    const movedOf = ({ name, others }: PackedImage) => kernelMoved(after, kernels.get(name)!, others, states);
    const found = impactOfPacked({ states, images }, after, { complete: options.complete ?? true, movedOf });
    if (options.since === undefined) impacts.push(...found);
    else {
      const before = universeSince(ports.folders, options.since, indexes, group[0]!.os.architecture);
      impacts.push(...onlySince(found, new Map(images.map((it) => [it.name, it])), before, after));
    }
  }
  return { looked: versions.size, impacts, troubled };
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
