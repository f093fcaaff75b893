import middy from '@middy/core';
import { z } from 'zod';
import { askApproval } from '../../src/app/steps/approve-image.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { stepEvent } from '../shared/events.ts';
import { validated } from '../shared/validated.ts';

/** State `Wait for approval`: asks, and leaves the answer to whoever has the token. */
export const makeHandler = (ports: Pick<Ports, 'catalog' | 'clock' | 'notifier'>) =>
  middy()
    .use(validated(stepEvent.extend({ token: z.string().min(1) })))
    .handler((event) => askApproval(ports, event));
