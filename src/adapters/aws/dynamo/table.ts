import {
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  type QueryCommandInput,
  type QueryCommandOutput,
} from '@aws-sdk/lib-dynamodb';

/**
 * The one table. Keys: `pk`, `sk`. Two sparse indexes, `group` (`groupPk`, `groupSk`) and `all` (`allPk`, `allSk`), list what
 * belongs together; they follow a write within about a second, so nothing that decides reads them. The value is in `record`.
 */
export interface DynamoTable {
  readonly name: string;
  readonly client: DynamoDBDocumentClient;
}

export interface Item {
  readonly pk: string;
  readonly sk: string;
  readonly record?: unknown;
  readonly [attribute: string]: unknown;
}

export type Key = { readonly pk: string; readonly sk: string };

/** Strongly consistent. */
export async function getItem(table: DynamoTable, key: Key): Promise<Item | undefined> {
  const answer = await table.client.send(new GetCommand({ TableName: table.name, Key: key, ConsistentRead: true }));
  return answer.Item as Item | undefined;
}

interface Wanted {
  readonly pk: string;
  readonly skPrefix?: string;
  readonly index?: 'group' | 'all';
  readonly newestFirst?: boolean;
  readonly where?: Readonly<Record<string, unknown>>;
  readonly limit?: number;
}

/** Items of one partition in the order of their sort keys, page by page; strongly consistent unless an index is named. */
export async function queryItems(table: DynamoTable, wanted: Wanted): Promise<Item[]> {
  const items: Item[] = [];
  const limit = wanted.limit ?? Number.POSITIVE_INFINITY;
  let request: QueryCommandInput | undefined = queryOf(table, wanted);
  while (request && items.length < limit) {
    const answer: QueryCommandOutput = await table.client.send(new QueryCommand(request));
    items.push(...((answer.Items ?? []) as Item[]));
    request = answer.LastEvaluatedKey && { ...request, ExclusiveStartKey: answer.LastEvaluatedKey };
  }
  return items.slice(0, limit);
}

function queryOf(
  table: DynamoTable,
  { pk, skPrefix, index, newestFirst, where = {}, limit }: Wanted,
): QueryCommandInput {
  const [pkName, skName] = index ? [`${index}Pk`, `${index}Sk`] : ['pk', 'sk'];
  const conditions = Object.entries(where).filter(([, value]) => value !== undefined);
  const filtered = conditions.length > 0;
  return {
    TableName: table.name,
    ...(index ? { IndexName: index } : { ConsistentRead: true }),
    KeyConditionExpression: `#pk = :pk${skPrefix === undefined ? '' : ' AND begins_with(#sk, :sk)'}`,
    ...(filtered ? { FilterExpression: conditions.map((_, at) => `#record.#f${at} = :f${at}`).join(' AND ') } : {}),
    ExpressionAttributeNames: {
      '#pk': pkName,
      ...(skPrefix === undefined ? {} : { '#sk': skName }),
      ...(filtered ? { '#record': 'record' } : {}),
      ...Object.fromEntries(conditions.map(([name], at) => [`#f${at}`, name])),
    },
    ExpressionAttributeValues: {
      ':pk': pk,
      ...(skPrefix === undefined ? {} : { ':sk': skPrefix }),
      ...Object.fromEntries(conditions.map(([, value], at) => [`:f${at}`, value])),
    },
    ScanIndexForward: !newestFirst,
    // With a filter, DynamoDB counts what it read and not what fitted.
    ...(limit === undefined || filtered ? {} : { Limit: limit }),
  };
}
