import type { MiddlewareObj } from '@middy/core';
import { keepUniverses } from '../../src/adapters/aws/aws-ports.ts';
import type { KilnError } from '../../src/model/error.ts';
import type { Notice } from '../../src/ports/notifier.ts';
import type { Ports } from '../../src/ports/ports.ts';
import type { Progress } from '../../src/ports/progress.ts';
import { logger } from './observed.ts';

/**
 * Ports of a function that uses only some. A use case that reaches for another one has outgrown its function's
 * composition, and says which.
 */
export function only(ports: Partial<Ports>): Ports {
  return new Proxy(ports, {
    get(target, name) {
      if (name in target) return Reflect.get(target, name);
      if (name === 'signal') return undefined;
      throw new Error(`internal: this function is composed without ${String(name)}`);
    },
  }) as Ports;
}

/** Progress as structured log lines. */
export const logged: Progress = {
  note: (text) => logger.info(text),
  advance(work, done, total, unit) {
    if (done === total) logger.debug(work, { done, unit });
  },
};

/** Keeps for other functions what this one made of indexes; that it cannot is no reason to fail. */
export const universesKept: MiddlewareObj = {
  async after() {
    await keepUniverses().catch((error: Error) => logger.warn('universes were not kept', { error: error.message }));
  },
};

/** A notice that reached nobody is at least in the log. */
export function noticeLost(notice: Notice, error: unknown): void {
  logger.error('a notice was lost', { notice, error: error as KilnError });
}
