import middy from '@middy/core';
import { judgeImage } from '../../src/app/steps/judge-image.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { stepEvent } from '../shared/events.ts';
import { validated } from '../shared/validated.ts';

/** State `Judge`: decides which accounts may have it. */
export const makeHandler = (ports: Ports) =>
  middy()
    .use(validated(stepEvent))
    .handler((event) => judgeImage(ports, event));
