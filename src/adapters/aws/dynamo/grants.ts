import { type Grant, grant } from '../../../model/build.ts';
import type { Catalog } from '../../../ports/catalog.ts';
import { writeRevised } from './revisions.ts';
import { type DynamoTable, getItem, type Item, queryItems } from './table.ts';
import { path, updateOf } from './writes.ts';

type Calls = Pick<Catalog, 'putGrant' | 'revokeGrant' | 'listGrants'>;
type GrantKey = Pick<Grant, 'image' | 'version' | 'account' | 'region'>;

const padded = (version: number) => String(version).padStart(10, '0');
const keyOf = ({ image, version, account, region }: GrantKey) => ({
  pk: `IMAGE#${image}`,
  sk: `GRANT#${padded(version)}#${account}#${region}`,
});

/** Grants in the partition of their image; the index `group` lists an account's, the index `all` all. */
export function dynamoGrants(table: DynamoTable): Calls {
  return {
    async putGrant(wanted) {
      const put = {
        TableName: table.name,
        Item: itemOf(wanted),
        ConditionExpression: 'attribute_not_exists(pk) OR attribute_exists(#record.#revokedAt)',
        ExpressionAttributeNames: { '#record': 'record', '#revokedAt': 'revokedAt' },
      };
      await writeRevised(table, wanted.image, { Put: put });
    },
    async revokeGrant(key, revokedAt) {
      const known = await getItem(table, keyOf(key));
      if (!known || grantOf(known).revokedAt !== undefined) return;
      const Update = updateOf(table, keyOf(key), { [path('record', 'revokedAt')]: revokedAt });
      await writeRevised(table, key.image, { Update });
    },
    async listGrants(filter) {
      const grants = (await candidates(table, filter)).map(grantOf);
      const inForce = (it: Grant) => it.revokedAt === undefined;
      return grants.filter((it) => filter.inForce === undefined || inForce(it) === filter.inForce).sort(inOrder);
    },
  };
}

function itemOf(it: Grant): Item {
  const { pk, sk } = keyOf(it);
  const order = `${it.image}#${sk}`;
  return { pk, sk, record: it, groupPk: `GRANTS#${it.account}`, groupSk: order, allPk: 'GRANTS', allSk: order };
}

const grantOf = (item: Item): Grant => grant.parse(item.record);

function candidates(
  table: DynamoTable,
  filter: { image?: string; version?: number; account?: string },
): Promise<Item[]> {
  const { image, version, account } = filter;
  if (image !== undefined) {
    const skPrefix = version === undefined ? 'GRANT#' : `GRANT#${padded(version)}#`;
    return queryItems(table, { pk: `IMAGE#${image}`, skPrefix, where: { account } });
  }
  if (account !== undefined) return queryItems(table, { pk: `GRANTS#${account}`, index: 'group', where: { version } });
  return queryItems(table, { pk: 'GRANTS', index: 'all', where: { version } });
}

function inOrder(a: Grant, b: Grant): number {
  const text = (x: string, y: string) => (x < y ? -1 : x > y ? 1 : 0);
  return text(a.image, b.image) || b.version - a.version || text(a.account, b.account) || text(a.region, b.region);
}
