import middy from '@middy/core';
import { shareImage } from '../../src/app/share-image.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { shareEvent } from '../shared/events.ts';
import { validated } from '../shared/validated.ts';

/** State `Share with one account`: gives one grant. */
export const makeHandler = (ports: Ports) =>
  middy()
    .use(validated(shareEvent))
    .handler((event) => shareImage(ports, event));
