import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Catalog, ImageRecord } from '../../../ports/catalog.ts';
import { type DynamoTable, getItem, queryItems } from './table.ts';

type Calls = Pick<Catalog, 'putImage' | 'getImage' | 'listImages'>;

/** Images by name, all in one partition: there are thousands, and lists of them must not be stale. */
export function dynamoImages(table: DynamoTable): Calls {
  return {
    async putImage(image) {
      await table.client.send(
        new UpdateCommand({
          TableName: table.name,
          Key: { pk: 'IMAGES', sk: image.name },
          UpdateExpression: 'SET spec = :spec, addedAt = if_not_exists(addedAt, :at)',
          ExpressionAttributeValues: { ':spec': image.spec, ':at': image.addedAt },
        }),
      );
    },
    async getImage(name) {
      const item = await getItem(table, { pk: 'IMAGES', sk: name });
      return item && imageOf(item);
    },
    async listImages() {
      return (await queryItems(table, { pk: 'IMAGES' })).map(imageOf);
    },
  };
}

const imageOf = (item: Readonly<Record<string, unknown>>): ImageRecord => ({
  name: String(item.sk),
  spec: String(item.spec),
  addedAt: String(item.addedAt),
});
