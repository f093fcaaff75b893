import middy from '@middy/core';
import { planBuild } from '../../src/app/plan-build.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { planEvent } from '../shared/events.ts';
import { validated } from '../shared/validated.ts';

/** State `Plan`: takes the image’s lease, or waits, or joins. */
export const makeHandler = (ports: Ports) =>
  middy()
    .use(validated(planEvent))
    .handler((event) => planBuild(ports, event.request, event.executionId));
