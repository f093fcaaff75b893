import type { ImageRecord } from '../../ports/catalog.ts';
import type { Ports } from '../../ports/ports.ts';

/** How old all images are. */
export interface FleetAge {
  /** Images for which nothing was published for 30 days. */
  readonly staleImages: number;
  /** Since the newest index of its sources was signed; undefined while no image is known, or where no index can be had. */
  readonly indexAgeHours?: number;
}

type AgePorts = Pick<Ports, 'catalog' | 'clock' | 'source' | 'specs' | 'progress'>;

const HOUR_MS = 3_600_000;
const STALE_HOURS = 30 * 24;

export async function fleetAge(ports: AgePorts): Promise<FleetAge> {
  const images = await ports.catalog.listImages();
  return { staleImages: await staleImages(ports, images), indexAgeHours: await indexAgeHours(ports, images) };
}

async function staleImages({ catalog, clock }: AgePorts, images: readonly ImageRecord[]): Promise<number> {
  // Versions themselves would be megabytes.
  const published = await catalog.listAliased('latest');
  const young = published.filter((it) => clock.now() - Date.parse(it.since ?? '') < STALE_HOURS * HOUR_MS);
  const fresh = new Set(young.map((it) => it.image));
  return images.filter((it) => !fresh.has(it.name)).length;
}

async function indexAgeHours(ports: AgePorts, [image]: readonly ImageRecord[]): Promise<number | undefined> {
  if (!image) return undefined;
  try {
    const { spec } = await ports.specs.load(image.name);
    const indexes = await ports.source.indexes(spec.os, ports.progress);
    return (ports.clock.now() - Math.max(...indexes.map((it) => Date.parse(it.date)))) / HOUR_MS;
  } catch {
    // The look at that image has told it.
    return undefined;
  }
}
