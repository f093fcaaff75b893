import middy from '@middy/core';
import { validateImage } from '../../src/app/steps/validate-image.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { stepEvent } from '../shared/events.ts';
import { validated } from '../shared/validated.ts';

/** State `Validate`: judges the baked tree. */
export const makeHandler = (ports: Ports) =>
  middy()
    .use(validated(stepEvent))
    .handler((event) => validateImage(ports, event));
