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
const UNREACHABLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT', 'EPIPE', 'EAI_AGAIN']);
/** There is no such host, as there is none of a region that does not exist. */
const NO_NAME = new Set(['ENOTFOUND', 'EAI_AGAIN']);

interface Wrong {
  readonly names: ReadonlySet<string>;
  /** What plain errors of the SDK say. */
  readonly said?: RegExp;
  readonly hint: string;
}

/** What goes on being so until somebody changes a role or how he has signed in. */
const CONFIGURATION: readonly Wrong[] = [
  {
    names: new Set(['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'AuthFailure']),
    hint: 'whoever calls needs a right to the action that is named above: a step’s role has it by its stack, a person by his own account',
  },
  {
    names: new Set(['CredentialsProviderError', 'ExpiredToken', 'ExpiredTokenException']),
    hint: 'sign in to the AWS account first, or say by AWS_PROFILE as whom',
  },
  {
    names: new Set(['InvalidClientTokenId', 'UnrecognizedClientException', 'InvalidSignatureException']),
    hint: 'sign in to the AWS account again: its keys are not valid',
  },
  {
    names: new Set(),
    said: /^(Region is missing|Invalid configuration for region)/,
    hint: 'say in which region: AWS_REGION, or a region in the profile that AWS_PROFILE names',
  },
];

/** Parts of a deployment that calls name, and what is said where there is none; a table's is said by other services of other things, too. */
const GONE = new Set(['NoSuchBucket', 'StateMachineDoesNotExist', 'QueueDoesNotExist']);
const NO_TABLE = /^DynamoDB\S*Client .*ResourceNotFoundException/;

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
  if (GONE.has(name) || NO_TABLE.test(said)) {
    const hint = 'a part of the deployment is gone: npx cdk deploy --all makes it again';
    return new KilnError('CONFIG_INVALID', said, { hint, cause: error });
  }
  const wrong = CONFIGURATION.find((it) => it.names.has(name) || it.said?.test(message));
  if (wrong) return new KilnError('CONFIG_INVALID', said, { hint: wrong.hint, cause: error });
  if (UNREACHABLE.has(code) || name === 'TimeoutError' || ($metadata?.httpStatusCode ?? 0) >= 500) {
    const hint = NO_NAME.has(code)
      ? 'is it a region (AWS_REGION), and is the network there? then try again'
      : 'try again in a minute';
    return new KilnError('DEPENDENCY_UNAVAILABLE', said, { hint, cause: error });
  }
  return error;
}

/** What a request is about, where its name says which part of a deployment it is. */
function subjectOf(args: unknown): string[] {
  const { TableName, Bucket, stateMachineArn, QueueName } = ((args as { input?: object }).input ?? {}) as Record<
    string,
    string | undefined
  >;
  return [TableName ?? Bucket ?? stateMachineArn ?? QueueName ?? []].flat();
}

/** The same client, whose calls throw KilnError THROTTLED, DEPENDENCY_UNAVAILABLE or CONFIG_INVALID once its own retries are used up. */
export function withFaults<T extends Client>(client: T): T {
  const middleware =
    (next: (args: unknown) => Promise<unknown>, context: { commandName?: string; clientName?: string }) =>
    async (args: unknown) => {
      try {
        return await next(args);
      } catch (error) {
        throw asFault(error, [context.clientName, context.commandName, ...subjectOf(args)].join(' '));
      }
    };
  client.middlewareStack.add(
    middleware as never,
    { step: 'initialize', priority: 'high', name: 'kilnFaults' } as never,
  );
  return client;
}
