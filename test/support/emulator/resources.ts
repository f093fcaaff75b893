import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';

/** The catalog's table as the storage stack makes it. */
export function catalogTable(name: string): CreateTableCommandInput {
  const names = ['pk', 'sk', 'groupPk', 'groupSk', 'allPk', 'allSk'];
  const index = (prefix: string) => ({
    IndexName: prefix,
    KeySchema: [
      { AttributeName: `${prefix}Pk`, KeyType: 'HASH' as const },
      { AttributeName: `${prefix}Sk`, KeyType: 'RANGE' as const },
    ],
    Projection: { ProjectionType: 'ALL' as const },
  });
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: names.map((it) => ({ AttributeName: it, AttributeType: 'S' })),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [index('group'), index('all')],
  };
}
