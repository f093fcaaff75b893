import { DeleteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Catalog } from '../../../ports/catalog.ts';
import { type DynamoTable, getItem } from './table.ts';
import { unlessRefused, untilWon } from './writes.ts';

type Calls = Pick<Catalog, 'acquireLease' | 'takeOverLease' | 'releaseLease'>;

const keyOf = (name: string) => ({ pk: `LEASE#${name}`, sk: 'LEASE' });

/** A lease is an item with its holder; whether the holder lives is for its caller to find out. */
export function dynamoLeases(table: DynamoTable): Calls {
  const hold = (name: string, holder: string, condition: string, from = holder) =>
    unlessRefused(
      table.client.send(
        new UpdateCommand({
          TableName: table.name,
          Key: keyOf(name),
          UpdateExpression: 'SET holder = :holder',
          ConditionExpression: condition,
          ExpressionAttributeValues: from === holder ? { ':holder': holder } : { ':holder': holder, ':from': from },
        }),
      ),
    );
  return {
    acquireLease: (name, holder) =>
      untilWon(`the lease of ${name}`, async () => {
        if (await hold(name, holder, 'attribute_not_exists(pk) OR holder = :holder')) return { kind: 'acquired' };
        const held = await getItem(table, keyOf(name));
        // Given back between the two calls: it may be free now.
        return held && { kind: 'held', by: String(held.holder) };
      }),
    takeOverLease: (name, from, to) => hold(name, to, from === to ? 'holder = :holder' : 'holder = :from', from),
    async releaseLease(name, holder) {
      await unlessRefused(
        table.client.send(
          new DeleteCommand({
            TableName: table.name,
            Key: keyOf(name),
            ConditionExpression: 'holder = :holder',
            ExpressionAttributeValues: { ':holder': holder },
          }),
        ),
      );
    },
  };
}
