import middy from '@middy/core';
import { tick } from '../../src/app/watch/tick.ts';
import { aliveUntil } from '../../src/ports/executions.ts';
import type { Ports } from '../../src/ports/ports.ts';

/**
 * Looks at every image once, whatever calls it: a changed index or spec, or a schedule that is due, starts its build; a changed policy,
 * test, account or advisory has its versions judged again.
 */
export const makeHandler = (ports: Ports) =>
  middy().handler((_event, { awsRequestId, getRemainingTimeInMillis }) =>
    tick(ports, { rejudge: ports, holder: aliveUntil(ports.clock.now() + getRemainingTimeInMillis(), awsRequestId) }),
  );
