import type { Lock, LockedPackage } from '../model/lock.ts';
import { lock as lockSchema } from '../model/lock.ts';
import type { ImageSpec } from '../model/spec.ts';
import type { Ports } from '../ports/ports.ts';
import { type Impact, type ImpactImage, impactOf } from '../resolver/impact.ts';
import type { Root } from '../resolver/resolve.ts';
import { updatedUniverse } from '../resolver/updated-universe.ts';
import { openArchive, rootsOf } from './closure.ts';

type PlanPorts = Pick<Ports, 'catalog' | 'store' | 'specs' | 'source' | 'progress' | 'folders'>;

interface Published {
  readonly spec: ImageSpec;
  readonly lock: Lock;
}

export interface UpdatePlan {
  /** Images with a published version that were looked at. */
  readonly looked: number;
  readonly impacts: readonly Impact[];
}

/**
 * Which published images would change under the sources of today, or if packages had other versions (`updates`: version by package
 * name), and how. Nothing is built; an image whose evidence must be read again is told by its `unread` packages.
 */
export async function planUpdate(
  ports: PlanPorts,
  updates: Readonly<Record<string, string>> = {},
): Promise<UpdatePlan> {
  const published = await publishedImages(ports);
  const impacts: Impact[] = [];
  for (const [key, images] of byRelease(published)) {
    ports.progress.note(`reading the index of ${key}`);
    const { universe } = await openArchive(ports, images[0]!.spec.os);
    impacts.push(...impactOf(images.map(impactImage), updatedUniverse(universe, updates), { complete: true }));
  }
  return { looked: published.length, impacts };
}

async function publishedImages({ catalog, store, specs }: PlanPorts): Promise<Published[]> {
  const found: Published[] = [];
  for (const { name } of await catalog.listImages()) {
    const { latest } = await catalog.aliases(name);
    const version = latest === undefined ? undefined : await catalog.getVersion(name, latest);
    if (!version) continue;
    const { spec } = await specs.load(name);
    const lock = lockSchema.parse(JSON.parse((await store.read(version.lockDigest)).toString('utf8')));
    found.push({ spec, lock });
  }
  return found;
}

/** Images that read the same sources share one universe. */
function byRelease(images: readonly Published[]): Map<string, Published[]> {
  const groups = new Map<string, Published[]>();
  for (const image of images) {
    const { release, architecture, sources } = image.spec.os;
    const key = sources ? `${release} ${architecture} ${JSON.stringify(sources)}` : `${release} ${architecture}`;
    groups.set(key, [...(groups.get(key) ?? []), image]);
  }
  return groups;
}

function impactImage({ spec, lock }: Published): ImpactImage {
  const closure = lock.packages.filter((it) => it.layer === 'closure');
  return {
    name: spec.name,
    roots: [...rootsOf(spec), ...closure.flatMap(shownByFiles)],
    resolution: spec.resolution,
    closure,
    others: lock.packages.filter((it) => it.layer !== 'closure'),
  };
}

/** A package that the user's own files ask for is a root of its own. */
function shownByFiles({ name, why }: LockedPackage): Root[] {
  const shown = why.find((it) => it.kind === 'evidence');
  return shown ? [{ relation: name, why: shown }] : [];
}
