import { dirname, join } from 'node:path';
import { cachedAdvisorySource } from '../../src/adapters/local/cached-advisory-source.ts';
import { stampImages } from '../../src/adapters/local/file-stamps.ts';
import { type TickResult, tick } from '../../src/app/watch/tick.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { type ImageWorld, imageWorld } from './image-world.ts';

/** An image world with advisories, an index, and a look at everything, as `kiln tick` takes it. */
export interface AdvisedWorld extends ImageWorld {
  /** Digest of the index; another one is another state of the archive. */
  index: string;
  /** Images whose spec was read, one for each reading. */
  readonly loaded: string[];
  look(): Promise<TickResult>;
  /** A look that ends at its n-th change of the world, as a killed process does. */
  lookUntilKilled(changes: number): Promise<void>;
  /** Accounts whose grant of a version is in force, by the catalog and by the registry. */
  granted(version?: number): Promise<{ catalog: string[]; registry: string[] }>;
}

export function advisedWorld(): AdvisedWorld {
  const world = imageWorld();
  const folder = dirname(world.spec);
  const own = { index: 'index-1', loaded: [] as string[] };
  const { specs } = world.ports;
  const ports = {
    ...world.ports,
    specs: {
      ...specs,
      load: (image: string) => {
        own.loaded.push(image);
        return specs.load(image);
      },
      // What was written before a look is taken to be some time ago.
      stamps: async (images: Parameters<typeof stampImages>[0]) => stampImages(images, undefined, Date.now() + 60_000),
    },
    advisories: cachedAdvisorySource({ cache: join(folder, 'cache') }),
    source: { indexes: async () => [{ sha256: here.index }] },
    folders: { cache: join(folder, 'cache') },
  } as unknown as Ports;
  const here: AdvisedWorld = Object.assign(world, own, {
    ports,
    look: () => tick(ports, { rejudge: ports }),
    async lookUntilKilled(changes: number) {
      const dying = killedAfter(ports, changes);
      await tick(dying, { rejudge: dying }).catch(() => undefined);
    },
    async granted(version = 1) {
      const grants = await ports.catalog.listGrants({ image: 'app', version, inForce: true });
      const { imageId } = (await ports.catalog.getVersion('app', version))!;
      return {
        catalog: grants.map((it) => it.account).sort(),
        registry: [...((await ports.registry.describe(imageId))?.sharedWith ?? [])].sort(),
      };
    },
  });
  return here;
}

const CHANGES = /^(put|revoke|update|set|record|share|notify)/;

/** The ports of a process that is killed once it has changed the world so often: nothing that it does afterwards has an effect. */
function killedAfter(ports: Ports, changes: number): Ports {
  let left = changes;
  const mortal = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, name) {
        const member = Reflect.get(target, name);
        if (typeof member !== 'function' || !CHANGES.test(String(name))) return member;
        return async (...args: unknown[]) => {
          left -= 1;
          if (left < 0) throw new Error('killed');
          return member.apply(target, args);
        };
      },
    });
  const { catalog, registry, notifier } = ports;
  return { ...ports, catalog: mortal(catalog), registry: mortal(registry), notifier: mortal(notifier) };
}
