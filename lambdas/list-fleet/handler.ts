import middy from '@middy/core';
import { z } from 'zod';
import { cause } from '../../src/model/build.ts';
import { sha256 } from '../../src/model/canonical.ts';
import { KilnError } from '../../src/model/error.ts';
import type { Catalog } from '../../src/ports/catalog.ts';
import { validated } from '../shared/validated.ts';

const fleetEvent = z.object({
  executionId: z.string().min(1),
  request: z.object({
    images: z.array(z.string().min(1)).optional(),
    all: z.literal(true).optional(),
    cause: cause.optional(),
  }),
});

/** Where the list is, and how many of its builds may fail before no further one is started. */
export interface FleetAnswer {
  readonly bucket: string;
  readonly list: string;
  readonly results: string;
  readonly count: number;
  readonly toleratedFailures: number;
}

const STARTED_WITH = 'start it with {"all": true} or {"images": ["nginx"]}';

const TOLERATED = { count: 3, share: 0.1 } as const;

export interface FleetPorts {
  readonly catalog: Pick<Catalog, 'listImages'>;
  readonly bucket: string;
  put(key: string, value: unknown): Promise<void>;
}

/** State `List images` of a fleet: the known images that are asked for, each with the name of its execution. Throws USAGE, NOT_FOUND. */
export const makeHandler = ({ catalog, bucket, put }: FleetPorts) =>
  middy<z.infer<typeof fleetEvent>, FleetAnswer>()
    .use(validated(fleetEvent, STARTED_WITH))
    .handler(async ({ executionId, request }) => {
      const images = await chosen(catalog, request);
      const fleet = sha256(executionId).slice(0, 16);
      const why = request.cause ?? { kind: 'request' as const };
      const items = images.map((image) => ({ image, cause: why, name: `${image.slice(0, 60)}-${fleet}` }));
      const list = `fleet/${fleet}/list.json`;
      await put(list, items);
      const toleratedFailures = Math.max(TOLERATED.count, Math.floor(items.length * TOLERATED.share));
      return { bucket, list, results: `fleet/${fleet}/results`, count: items.length, toleratedFailures };
    });

async function chosen(
  catalog: FleetPorts['catalog'],
  { images, all }: z.infer<typeof fleetEvent>['request'],
): Promise<string[]> {
  if ((images === undefined) === (all === undefined)) {
    throw new KilnError('USAGE', 'a fleet is either all images or those that are named', { hint: STARTED_WITH });
  }
  const known = (await catalog.listImages()).map((it) => it.name).sort();
  if (images === undefined) return known;
  const unknown = images.filter((it) => !known.includes(it));
  if (unknown.length > 0) {
    throw new KilnError('NOT_FOUND', `no image ${unknown.join(', ')} is known`, {
      hint: 'kiln remote images lists them',
    });
  }
  return [...new Set(images)];
}
