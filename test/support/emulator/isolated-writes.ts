import type { Route } from './door.ts';

const WRITES = new Set(['TransactWriteItems', 'PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem']);

/** DynamoDB isolates writes from each other; the emulator checks a condition and writes later. So one write goes in at a time. */
export function isolatedWrites(): Route {
  let before: Promise<unknown> = Promise.resolve();
  return async (call, forward) => {
    if (call.service !== 'dynamodb' || !WRITES.has(call.operation)) return undefined;
    const answer = before.then(() => forward(call));
    before = answer.catch(() => undefined);
    return answer;
  };
}
