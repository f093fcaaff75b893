import middy from '@middy/core';
import { resolveImage } from '../../src/app/steps/resolve-image.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { resolveEvent } from '../shared/events.ts';
import { validated } from '../shared/validated.ts';

/** State `Resolve`: brings the lock up to date. */
export const makeHandler = (ports: Ports) =>
  middy()
    .use(validated(resolveEvent))
    .handler((event) => resolveImage(ports, event));
