import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { Tracer } from '@aws-lambda-powertools/tracer';
import middy, { type MiddlewareObj, type MiddyfiedHandler } from '@middy/core';
import { KilnError } from '../../src/model/error.ts';

// The service's name is that of the deployment (POWERTOOLS_SERVICE_NAME), which is how its alarms find its metrics.
export const logger = new Logger();
export const metrics = new Metrics({ namespace: 'Kiln' });
const tracer = new Tracer();

/** Fields of an event that every log line of its invocation carries. */
function keysOf(event: unknown): Record<string, unknown> {
  const { image, buildId, executionId, request } = (event ?? {}) as Record<string, unknown>;
  const asked = (request ?? {}) as { image?: unknown; buildId?: unknown };
  return { image: image ?? asked.image, buildId: buildId ?? asked.buildId, executionId };
}

interface Run {
  readonly event: unknown;
  readonly context: { readonly functionName?: string; readonly awsRequestId?: string };
  readonly internal: Record<string, unknown>;
  readonly response?: unknown;
  error?: unknown;
}

/** What goes round every step: structured logs with the build's id, how long it took and how it ended, a trace segment. */
function observation(): MiddlewareObj {
  return {
    before(run) {
      const { event, context, internal } = run as unknown as Run;
      internal.startedAt = Date.now();
      logger.appendKeys({ ...keysOf(event), requestId: context.awsRequestId });
      tracer.annotateColdStart();
    },
    after(run) {
      const it = run as unknown as Run;
      const { outcome = 'done', buildId } = (it.response ?? {}) as { outcome?: string; buildId?: string };
      // What plans a build is told of none: it names it.
      logger.info('done', { outcome, ...(buildId === undefined ? {} : { buildId }) });
      finish(it, outcome);
    },
    onError(run) {
      const it = run as unknown as Run;
      const { error } = it;
      if (error instanceof KilnError) logger.warn(error.message, { code: error.code, hint: error.hint });
      else logger.error('broken promise', error as Error);
      finish(it, error instanceof KilnError ? error.code : 'internal');
      it.error = withHint(error);
    },
  };
}

/** An execution that fails shows its error's message and nothing else: what to do belongs to it. */
function withHint(error: unknown): unknown {
  if (!(error instanceof KilnError) || error.hint === undefined) return error;
  return new KilnError(error.code, `${error.message}; ${error.hint}`, { hint: error.hint, cause: error });
}

function finish({ context, internal }: Run, outcome: string): void {
  metrics.addDimension('step', context.functionName ?? 'unknown');
  metrics.addDimension('outcome', outcome);
  metrics.addMetric('StepMilliseconds', MetricUnit.Milliseconds, Date.now() - Number(internal.startedAt));
  metrics.publishStoredMetrics();
  logger.resetKeys();
}

/**
 * A step's handler as it is deployed. A fault leaves it as an error whose `name` is its code: Lambda makes that the
 * `errorType`, and the state machine's `ErrorEquals` matches it.
 */
export function observed<E, R>(handler: MiddyfiedHandler<E, R>): MiddyfiedHandler<E, R> {
  // Around all of it: an event that is not valid is told of as well.
  const outer = middy().use(observation());
  return outer.handler((event, context) =>
    (handler as (event: never, context: never) => Promise<unknown>)(event as never, context as never),
  ) as unknown as MiddyfiedHandler<E, R>;
}
