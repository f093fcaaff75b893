import { KilnError } from '../../model/error.ts';

const THROTTLED = new Set([
  'ThrottlingException',
  'Throttling',
  'TooManyRequestsException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'LimitExceededException',
  'ConcurrentLimitExceededException',
]);
const REFUSED = new Set(['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'AuthFailure']);
const UNREACHABLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'EPIPE', 'EAI_AGAIN']);
const NO_CREDENTIALS = new Set([
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
]);

/** Why a transaction came to nothing although its conditions may hold: another one had its items, or there were too many. */
const PASSING = new Set(['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);

interface SdkError {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly CancellationReasons?: readonly { readonly Code?: string }[];
}

/** A client as far as middleware goes. */
interface Client {
  readonly middlewareStack: { add(middleware: never, options: never): void };
}

/** Name of an SDK's error, `''` for anything else. */
export function errorName(error: unknown): string {
  return (error as SdkError | undefined)?.name ?? '';
}

/** The fault of Kiln that an SDK's error amounts to; an error that says something of the request itself stays what it is. */
export function asFault(error: unknown, doing: string): unknown {
  const { name = '', code = '', message = '', $metadata, CancellationReasons = [] } = (error ?? {}) as SdkError;
  const said = `${doing}: ${name}: ${message}`;
  if (THROTTLED.has(name)) return new KilnError('THROTTLED', said, { hint: 'try again in a minute', cause: error });
  const reasons = CancellationReasons.map((it) => it.Code ?? 'None').filter((it) => it !== 'None');
  const passing = reasons.length > 0 && reasons.every((it) => PASSING.has(it));
  if (passing || name === 'TransactionConflictException') {
    return new KilnError('BUSY', said, { hint: 'try again in a minute', cause: error });
  }
  if (REFUSED.has(name)) {
    const hint = 'give the role that runs this step the action named above';
    return new KilnError('CONFIG_INVALID', said, { hint, cause: error });
  }
  if (NO_CREDENTIALS.has(name)) {
    return new KilnError('CONFIG_INVALID', said, { hint: 'sign in to the AWS account first', cause: error });
  }
  if (UNREACHABLE.has(code) || name === 'TimeoutError' || ($metadata?.httpStatusCode ?? 0) >= 500) {
    return new KilnError('DEPENDENCY_UNAVAILABLE', said, { hint: 'try again in a minute', cause: error });
  }
  return error;
}

/** The same client, whose calls throw KilnError THROTTLED, DEPENDENCY_UNAVAILABLE or CONFIG_INVALID once its own retries are used up. */
export function withFaults<T extends Client>(client: T): T {
  const middleware =
    (next: (args: unknown) => Promise<unknown>, context: { commandName?: string; clientName?: string }) =>
    async (args: unknown) => {
      try {
        return await next(args);
      } catch (error) {
        throw asFault(error, `${context.clientName} ${context.commandName}`);
      }
    };
  client.middlewareStack.add(
    middleware as never,
    { step: 'initialize', priority: 'high', name: 'kilnFaults' } as never,
  );
  return client;
}
