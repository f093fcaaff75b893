import middy from '@middy/core';
import { testImage } from '../../src/app/steps/test-image.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { stepEvent } from '../shared/events.ts';
import { validated } from '../shared/validated.ts';

/** A function lives for 15 minutes at most: launching and stopping must fit in as well. */
const ASK_MS = 240_000;

/** On this machine nothing limits a step's time. */
const hasLimit = (context: object) => 'getRemainingTimeInMillis' in context;

/** State `Test instance`: boots the image and asks it. */
export const makeHandler = (ports: Ports) =>
  middy()
    .use(validated(stepEvent))
    .handler((event, context) => testImage(ports, event, hasLimit(context) ? ASK_MS : undefined));
