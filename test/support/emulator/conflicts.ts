import type { Answer, Route } from './door.ts';
import { randomNumbers } from './throttling.ts';

/** A table whose items others write at the same moment. */
export interface Conflicts {
  readonly route: Route;
  /** Refuses this share of the transactions and conditional writes of deployed code from now on. */
  refuse(share: number): void;
  refused(): number;
}

/** Which writes are refused depends on the seed and on their order alone. */
export function conflicts(seed: number): Conflicts {
  const next = randomNumbers(seed);
  let share = 0;
  let refused = 0;
  return {
    refuse(wanted) {
      share = wanted;
    },
    refused: () => refused,
    async route({ service, operation, headers, body }) {
      if (share === 0 || service !== 'dynamodb' || !/ app\//.test(headers['user-agent'] ?? '')) return undefined;
      const conditional = operation === 'UpdateItem' && body.includes('ConditionExpression');
      if ((operation !== 'TransactWriteItems' && !conditional) || next() >= share) return undefined;
      refused += 1;
      return operation === 'TransactWriteItems' ? cancelled() : conflict();
    },
  };
}

const MESSAGE = 'Transaction is ongoing for the item';

function cancelled(): Answer {
  const CancellationReasons = [{ Code: 'None' }, { Code: 'TransactionConflict', Message: MESSAGE }];
  const Message =
    'Transaction cancelled, please refer cancellation reasons for specific reasons [None, TransactionConflict]';
  return answer('TransactionCanceledException', { Message, CancellationReasons });
}

const conflict = () => answer('TransactionConflictException', { message: MESSAGE });

function answer(type: string, value: object): Answer {
  const body = JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, ...value });
  return { status: 400, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: Buffer.from(body) };
}
