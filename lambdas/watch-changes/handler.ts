import middy from '@middy/core';
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
  middy().handler((_event, { awsRequestId, getRemainingTimeInMillis }) => {
    const end = ports.clock.now() + getRemainingTimeInMillis();
    return tick(ports, { rejudge: ports, holder: aliveUntil(end, awsRequestId), until: end - TO_FINISH_MS });
  });
