import middy from '@middy/core';
import { registerImage } from '../../src/app/steps/register-image.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { stepEvent } from '../shared/events.ts';
import { validated } from '../shared/validated.ts';

/** State `Register`: makes the machine image. */
export const makeHandler = (ports: Ports) =>
  middy()
    .use(validated(stepEvent))
    .handler((event) => registerImage(ports, event));
