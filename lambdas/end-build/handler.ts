import middy from '@middy/core';
import { endBuild } from '../../src/app/steps/end-build.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { endEvent } from '../shared/events.ts';
import { validated } from '../shared/validated.ts';

/** States `Refuse`, `Finish unchanged` and `Record the failure`: ends the build. */
export const makeHandler = (ports: Ports) =>
  middy()
    .use(validated(endEvent))
    .handler((event) => endBuild(ports, event));
