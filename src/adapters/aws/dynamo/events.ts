import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Catalog, EventRecord } from '../../../ports/catalog.ts';
import { type DynamoTable, getItem, type Item, queryItems } from './table.ts';
import { putNew } from './writes.ts';

type Calls = Pick<Catalog, 'recordEvent' | 'listEvents' | 'getDocument' | 'putDocument'>;

/** Events, each once by its identifier, listed by the indexes; and small documents. */
export function dynamoEvents(table: DynamoTable): Calls {
  return {
    recordEvent(event) {
      const order = `${event.at}#${event.id}`;
      return putNew(table, {
        pk: `EVENT#${event.id}`,
        sk: 'EVENT',
        record: event,
        groupPk: event.image === undefined ? undefined : `EVENTS#${event.image}`,
        groupSk: event.image === undefined ? undefined : order,
        allPk: 'EVENTS',
        allSk: order,
      });
    },
    async listEvents({ image, kind, limit = 100 }) {
      const place = image === undefined ? { pk: 'EVENTS', index: 'all' as const } : ofImage(image);
      const items = await queryItems(table, { ...place, newestFirst: true, where: { kind }, limit });
      return items.map(eventOf);
    },
    async getDocument(key) {
      const item = await getItem(table, { pk: `DOCUMENT#${key}`, sk: 'DOCUMENT' });
      return item && JSON.parse(String(item.value));
    },
    async putDocument(key, value) {
      const item = { pk: `DOCUMENT#${key}`, sk: 'DOCUMENT', value: JSON.stringify(value) };
      await table.client.send(new PutCommand({ TableName: table.name, Item: item }));
    },
  };
}

const ofImage = (image: string) => ({ pk: `EVENTS#${image}`, index: 'group' as const });

const eventOf = (item: Item): EventRecord => item.record as EventRecord;
