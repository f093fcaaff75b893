import { z } from 'zod';
import { cause } from '../../src/model/build.ts';

/** What the state machine passes to each function. */

const options = z.object({ force: z.boolean().optional(), locked: z.boolean().optional() });

export const stepEvent = z.object({ image: z.string().min(1), buildId: z.string().min(1) });
export const resolveEvent = stepEvent.extend({ options: options.optional() });
export const executionEvent = stepEvent.extend({ executionId: z.string().min(1) });

export const planEvent = z.object({
  executionId: z.string().min(1),
  request: z.object({
    image: z.string().min(1),
    cause: cause.optional(),
    options: options.optional(),
    force: z.boolean().optional(),
    buildId: z.string().optional(),
  }),
});

export const shareEvent = stepEvent.extend({ call: z.string().min(1) });

export const endEvent = executionEvent.extend({
  state: z.enum(['succeeded', 'unchanged', 'refused', 'failed']),
  fault: z.object({ Error: z.string(), Cause: z.unknown() }).optional(),
});
