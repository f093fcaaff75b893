import type { Cause } from '../../model/build.ts';
import { canonicalJson, digestOf } from '../../model/canonical.ts';
import { KilnError } from '../../model/error.ts';
import { FLEET_FROM } from '../../ports/executions.ts';
import type { Ports } from '../../ports/ports.ts';

/** A build that a look called for. */
export interface WantedBuild {
  readonly image: string;
  readonly cause: Cause;
  /** Keeps what called for it, so that it is no cause again. */
  readonly remember: () => Promise<void>;
  /** Keeps that the image was looked at, and all that called for something was done. */
  readonly saw: () => Promise<void>;
}

export interface Started {
  readonly started: readonly { readonly image: string; readonly cause: Cause }[];
  /** Images whose build could not be started, with the reason. */
  readonly troubled: readonly { readonly image: string; readonly reason: string }[];
}

type StartPorts = Pick<Ports, 'executions' | 'clock'>;

/** Starts what a look called for: many images of one cause by one execution that builds some at a time, others each by one of its own. */
export async function startWanted(ports: StartPorts, wanted: readonly WantedBuild[]): Promise<Started> {
  const started: Started['started'][number][] = [];
  const troubled: Started['troubled'][number][] = [];
  for (const group of Map.groupBy(wanted, (it) => canonicalJson(it.cause)).values())
    for (const { builds, start } of startsOf(ports, group))
      try {
        await settled(builds, start);
        started.push(...builds.map(({ image, cause }) => ({ image, cause })));
      } catch (error) {
        troubled.push(...builds.map(({ image }) => ({ image, reason: (error as Error).message })));
      }
  return { started, troubled };
}

interface Start {
  readonly builds: readonly WantedBuild[];
  readonly start: () => Promise<void>;
}

function startsOf({ executions, clock }: StartPorts, group: readonly WantedBuild[]): Start[] {
  const { cause } = group[0]!;
  if (executions.startFleet && group.length >= FLEET_FROM) {
    const images = group.map((it) => it.image);
    const key = `look:${digestOf({ cause, images })}:${clock.now()}`;
    return [{ builds: group, start: async () => executions.startFleet?.({ images, cause, key }) }];
  }
  return group.map((it) => ({
    builds: [it],
    start: () => executions.start({ image: it.image, cause, key: `${it.image}:${clock.now()}` }),
  }));
}

/**
 * What was seen is kept when the start has ended, so that a look that is killed, or a fault that passes, loses no change: the next look
 * finds it again. A build that fails for good is not started again at every look, but when something changes.
 */
async function settled(builds: readonly WantedBuild[], start: () => Promise<void>): Promise<void> {
  try {
    await start();
  } catch (error) {
    if (!(error instanceof KilnError && error.retryable)) for (const it of builds) await it.remember();
    throw error;
  }
  for (const it of builds) {
    await it.remember();
    await it.saw();
  }
}
