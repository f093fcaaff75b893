import middy from '@middy/core';
import { shareImage } from '../../src/app/steps/share-image.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { shareEvent } from '../shared/events.ts';
import { validated } from '../shared/validated.ts';

/** State `Do one call of the plan`: a copy, or sharing with up to a hundred accounts. */
export const makeHandler = (ports: Ports) =>
  middy()
    .use(validated(shareEvent))
    .handler((event) => shareImage(ports, event));
