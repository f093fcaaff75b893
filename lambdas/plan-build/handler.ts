import middy from '@middy/core';
import { planBuild } from '../../src/app/steps/plan-build.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { planEvent } from '../shared/events.ts';
import { validated } from '../shared/validated.ts';

/** Until an execution that waits asks again: on AWS each time costs, and builds take minutes. */
const WAIT_SECONDS = { aws: 20, here: 3 } as const;

/** State `Plan`: takes the image’s lease, or waits, or joins. */
export const makeHandler = (ports: Ports) =>
  middy()
    .use(validated(planEvent))
    .handler(async (event, context) => ({
      ...(await planBuild(ports, event.request, event.executionId)),
      waitSeconds: 'getRemainingTimeInMillis' in context ? WAIT_SECONDS.aws : WAIT_SECONDS.here,
    }));
