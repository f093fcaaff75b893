import { setTimeout as sleep } from 'node:timers/promises';
import { PutCommand, type TransactWriteCommandInput, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { KilnError } from '../../../model/error.ts';
import { errorName } from '../aws-fault.ts';
import { type DynamoTable, getItem, type Item, type Key } from './table.ts';

export type Transaction = NonNullable<TransactWriteCommandInput['TransactItems']>;

/** True; false when the item's condition does not hold. */
export async function unlessRefused(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (errorName(error) === 'ConditionalCheckFailedException') return false;
    throw error;
  }
}

/** Puts an item that is not there yet; false when it is. */
export function putNew(table: DynamoTable, item: Item): Promise<boolean> {
  return unlessRefused(table.client.send(new PutCommand(newItem(table, item))));
}

/** As part of a transaction: an item that must not be there yet. */
export function newItem(table: DynamoTable, item: Item) {
  return { TableName: table.name, Item: item, ConditionExpression: 'attribute_not_exists(pk)' };
}

/**
 * Sets attributes by path, such as `record.state`; those whose value is undefined are left alone. Gives the item as it is then;
 * undefined when it is not there.
 */
export async function setPaths(
  table: DynamoTable,
  key: Key,
  change: Readonly<Record<string, unknown>>,
): Promise<Item | undefined> {
  const update = updateOf(table, key, change);
  if (!update) return getItem(table, key);
  try {
    return (await table.client.send(new UpdateCommand({ ...update, ReturnValues: 'ALL_NEW' }))).Attributes as Item;
  } catch (error) {
    if (errorName(error) === 'ConditionalCheckFailedException') return undefined;
    throw error;
  }
}

/** The same as part of a transaction, refused where the item is not there; undefined where nothing is to be set. */
export function updateOf(table: DynamoTable, key: Key, change: Readonly<Record<string, unknown>>) {
  const changes = Object.entries(change).filter(([, value]) => value !== undefined);
  if (changes.length === 0) return undefined;
  const names: Record<string, string> = {};
  const assignments = changes.map(([path], at) => {
    const parts = path.split('\0').map((part, depth) => {
      names[`#p${at}_${depth}`] = part;
      return `#p${at}_${depth}`;
    });
    return `${parts.join('.')} = :v${at}`;
  });
  return {
    TableName: table.name,
    Key: key,
    UpdateExpression: `SET ${assignments.join(', ')}`,
    ConditionExpression: 'attribute_exists(pk)',
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: Object.fromEntries(changes.map(([, value], at) => [`:v${at}`, value])),
  };
}

/** A path of `setPaths`; its parts may hold any character but NUL. */
export const path = (...parts: string[]) => parts.join('\0');

const TRIES = 12;

/** Tries work that others may get in the way of until it gives a value. Throws BUSY when they do every time. */
export async function untilWon<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const won = await attempt();
    if (won !== undefined) return won;
    await sleep(Math.random() * Math.min(1_000, 10 * 2 ** tried));
  }
  throw new KilnError('BUSY', `${what} was changed by others ${TRIES} times in a row`, { hint: 'try again' });
}
