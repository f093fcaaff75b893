import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { KilnError } from '../../../model/error.ts';
import { errorName } from '../aws-fault.ts';
import { type DynamoTable, queryItems } from './table.ts';
import { type Transaction, untilWon } from './writes.ts';

const REVISIONS = 'REVISIONS';

/** By image, how often its versions, aliases and grants were written. */
export async function revisions(table: DynamoTable): Promise<Map<string, number>> {
  const items = await queryItems(table, { pk: REVISIONS });
  return new Map(items.map((it) => [it.sk, Number(it.number)]));
}

/** Writes one item and moves its image's revision on, both or neither; false when the item's condition does not hold. Throws BUSY. */
export function writeRevised(table: DynamoTable, image: string, write: Transaction[number]): Promise<boolean> {
  const revise = {
    TableName: table.name,
    Key: { pk: REVISIONS, sk: image },
    UpdateExpression: 'ADD #number :one',
    ExpressionAttributeNames: { '#number': 'number' },
    ExpressionAttributeValues: { ':one': 1 },
  };
  return untilWon(`the records of ${image}`, async () => {
    try {
      await table.client.send(new TransactWriteCommand({ TransactItems: [write, { Update: revise }] }));
      return true;
    } catch (error) {
      if (isConditionOfFirst(error)) return false;
      if (isConflict(error)) return undefined;
      throw error;
    }
  });
}

const reasonsOf = (error: unknown): string[] =>
  ((error as { CancellationReasons?: { Code?: string }[] }).CancellationReasons ?? []).map((it) => it.Code ?? 'None');

const isConditionOfFirst = (error: unknown) => reasonsOf(error)[0] === 'ConditionalCheckFailed';

/** Another wrote one of the two at the same moment. */
function isConflict(error: unknown): boolean {
  if (error instanceof KilnError && error.code === 'BUSY') return true;
  return errorName(error) === 'TransactionCanceledException' && reasonsOf(error).includes('TransactionConflict');
}
