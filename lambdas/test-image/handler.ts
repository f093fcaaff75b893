import middy from '@middy/core';
import { testImage } from '../../src/app/steps/test-image.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { stepEvent } from '../shared/events.ts';
import { validated } from '../shared/validated.ts';

/** What takes longer the state machine waits for, which costs nothing. */
const ASK_MS = 20_000;

/** On this machine nothing limits a step's time. */
const hasLimit = (context: object) => 'getRemainingTimeInMillis' in context;

/** State `Test instance`: boots the image and asks it, for a while at each call. */
export const makeHandler = (ports: Ports) =>
  middy()
    .use(validated(stepEvent))
    .handler((event, context) => testImage(ports, event, hasLimit(context) ? ASK_MS : undefined));
