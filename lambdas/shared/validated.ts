import type { MiddlewareObj } from '@middy/core';
import type { z } from 'zod';
import { KilnError } from '../../src/model/error.ts';

/** Checks the event against its schema before the handler sees it. Throws USAGE naming each field that is wrong; `hint`: what a right one is. */
export function validated<T>(schema: z.ZodType<T>, hint?: string): MiddlewareObj<T> {
  return {
    before: (request) => {
      const parsed = schema.safeParse(request.event);
      if (!parsed.success) throw new KilnError('USAGE', `the event is not valid: ${describe(parsed.error)}`, { hint });
      request.event = parsed.data;
    },
  };
}

function describe(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'event'}: ${issue.message}`).join('; ');
}
