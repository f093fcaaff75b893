import { randomUUID } from 'node:crypto';
import type { Answer, Call, Route } from './door.ts';

/** A door that refuses calls as AWS does when they come too fast. */
export interface Throttling {
  readonly route: Route;
  /** Refuses this share of all calls from now on; 0 lets all through. */
  refuse(share: number): void;
  /** Calls refused, by service. */
  refused(): Readonly<Record<string, number>>;
}

/** Deployed code, and the state machine's interpreter; not whoever looks on. */
const CALLERS = / app\/|^Boto3/;

/** Services whose protocol is XML with query parameters; the others speak JSON or REST. */
const QUERY = new Set(['ec2', 'sns', 'sts', 'iam', 'cloudformation']);

/** Which calls are refused depends on the seed and on their order alone. */
export function throttling(seed: number): Throttling {
  const next = randomNumbers(seed);
  const refused = new Map<string, number>();
  let share = 0;
  return {
    refuse(wanted) {
      share = wanted;
    },
    refused: () => Object.fromEntries([...refused].sort()),
    async route(call) {
      if (share === 0 || !CALLERS.test(call.headers['user-agent'] ?? '') || next() >= share) return undefined;
      refused.set(call.service, (refused.get(call.service) ?? 0) + 1);
      return refusal(call);
    },
  };
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const MESSAGE = 'Rate exceeded';

/** A refusal as the service words it. */
function refusal({ service }: Call): Answer {
  if (service === 's3') {
    const body = `<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>`;
    return answer(503, 'application/xml', body);
  }
  if (QUERY.has(service)) {
    const code = service === 'ec2' ? 'RequestLimitExceeded' : 'Throttling';
    const error = `<Error><Code>${code}</Code><Message>${MESSAGE}</Message></Error>`;
    const body =
      service === 'ec2' ? `<Response><Errors>${error}</Errors></Response>` : `<ErrorResponse>${error}</ErrorResponse>`;
    return answer(service === 'ec2' ? 503 : 400, 'text/xml', body);
  }
  const type = TYPES[service] ?? 'ThrottlingException';
  const body = JSON.stringify({ __type: type, message: MESSAGE });
  const told = answer(service === 'lambda' ? 429 : 400, 'application/x-amz-json-1.0', body);
  return { ...told, headers: { ...told.headers, 'x-amzn-errortype': type } };
}

const TYPES: Readonly<Record<string, string>> = {
  lambda: 'TooManyRequestsException',
  ebs: 'RequestThrottledException',
};

const answer = (status: number, type: string, body: string): Answer => ({
  status,
  headers: { 'content-type': type, 'x-amzn-requestid': randomUUID() },
  body: Buffer.from(body),
});
