import middy from '@middy/core';
import { tick } from '../../src/app/tick.ts';
import type { Ports } from '../../src/ports/ports.ts';

/** Looks at every image once: a changed index, policy, test or account, or a schedule that is due, starts its build. */
export const makeHandler = (ports: Ports) => middy().handler(() => tick(ports));
