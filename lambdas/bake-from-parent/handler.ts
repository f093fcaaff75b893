import middy from '@middy/core';
import { bakeFromParent } from '../../src/app/steps/bake-from-parent.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { stepEvent } from '../shared/events.ts';
import { validated } from '../shared/validated.ts';

/** State `Bake on the parent`: begins the bake, or looks how far it is. */
export const makeHandler = (ports: Ports) =>
  middy()
    .use(validated(stepEvent))
    .handler((event) => bakeFromParent(ports, event));
