import middy from '@middy/core';
import { publishImage } from '../../src/app/steps/publish-image.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { executionEvent } from '../shared/events.ts';
import { validated } from '../shared/validated.ts';

/** State `Publish`: moves the alias, tells people, ends the build. */
export const makeHandler = (ports: Ports) =>
  middy()
    .use(validated(executionEvent))
    .handler((event) => publishImage(ports, event));
