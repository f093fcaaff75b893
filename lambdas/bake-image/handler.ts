import middy from '@middy/core';
import { bakeImage } from '../../src/app/steps/bake-image.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { stepEvent } from '../shared/events.ts';
import { validated } from '../shared/validated.ts';

/** State `Bake`, where it runs on this machine; on AWS the same use case runs in CodeBuild. */
export const makeHandler = (ports: Ports) =>
  middy()
    .use(validated(stepEvent))
    .handler((event) => bakeImage(ports, event));
