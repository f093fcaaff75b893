import middy from '@middy/core';
import { askedOnce } from '../../src/app/watch/asked-once.ts';
import { fleetAge } from '../../src/app/watch/fleet-age.ts';
import { tick } from '../../src/app/watch/tick.ts';
import { aliveUntil } from '../../src/ports/executions.ts';
import type { Ports } from '../../src/ports/ports.ts';

/** For starting builds, keeping what was seen, metrics. */
const TO_FINISH_MS = 90_000;

/**
 * Looks at every image once, whatever calls it: a changed index or spec, or a schedule that is due, starts its build; a changed policy,
 * test, account or advisory has its versions judged again.
 */
export const makeHandler = (ports: Ports) =>
  middy().handler(async (_event, { awsRequestId, getRemainingTimeInMillis }) => {
    const end = ports.clock.now() + getRemainingTimeInMillis();
    const here = askedOnce(ports);
    const looked = await tick(here, {
      rejudge: here,
      holder: aliveUntil(end, awsRequestId),
      until: end - TO_FINISH_MS,
    });
    return { ...looked, fleet: await fleetAge(here) };
  });
