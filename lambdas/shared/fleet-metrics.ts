import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { MiddlewareObj } from '@middy/core';
import type { Ports } from '../../src/ports/ports.ts';
import { metrics } from './observed.ts';

const DAY_MS = 24 * 3_600_000;
const STALE_DAYS = 30;

/** Publishes how old the fleet is: hours since the newest index was signed, and images for which nothing was published for 30 days. */
export function fleetMetrics(ports: Pick<Ports, 'catalog' | 'clock' | 'source' | 'specs' | 'progress'>): MiddlewareObj {
  return {
    async after() {
      metrics.singleMetric().addMetric('StaleImages', MetricUnit.Count, await staleImages(ports));
      const hours = await indexAgeHours(ports);
      if (hours !== undefined) metrics.singleMetric().addMetric('IndexAgeHours', MetricUnit.Count, hours);
    },
  };
}

async function staleImages({ catalog, clock }: Pick<Ports, 'catalog' | 'clock'>): Promise<number> {
  // Versions themselves would be megabytes.
  const [images, published] = [await catalog.listImages(), await catalog.listAliased('latest')];
  const young = published.filter((it) => clock.now() - Date.parse(it.since ?? '') < STALE_DAYS * DAY_MS);
  const fresh = new Set(young.map((it) => it.image));
  return images.filter((it) => !fresh.has(it.name)).length;
}

/** Undefined while no image is known. */
async function indexAgeHours(ports: Pick<Ports, 'catalog' | 'clock' | 'source' | 'specs' | 'progress'>) {
  const [image] = await ports.catalog.listImages();
  if (!image) return undefined;
  const { spec } = await ports.specs.load(image.name);
  const indexes = await ports.source.indexes(spec.os, ports.progress);
  const newest = Math.max(...indexes.map((it) => Date.parse(it.date)));
  return (ports.clock.now() - newest) / 3_600_000;
}
