import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { type ImageVersion, imageVersion } from '../../../model/build.ts';
import type { Catalog } from '../../../ports/catalog.ts';
import { errorName } from '../aws-fault.ts';
import { revisions, writeRevised } from './revisions.ts';
import { type DynamoTable, getItem, type Item, queryItems } from './table.ts';
import { newItem, path, untilWon, updateOf } from './writes.ts';

type Calls = Pick<
  Catalog,
  | 'allocateVersion'
  | 'putVersion'
  | 'updateVersion'
  | 'getVersion'
  | 'listVersions'
  | 'aliases'
  | 'setAlias'
  | 'listAliased'
  | 'removeAlias'
  | 'revisions'
>;

const partition = (image: string) => `IMAGE#${image}`;
const padded = (version: number) => String(version).padStart(10, '0');
const keyOf = (image: string, version: number) => ({ pk: partition(image), sk: `VERSION#${padded(version)}` });
const versionOf = (item: Item) => imageVersion.parse(item.record);

/** Versions, their numbers and their aliases, in the partition of their image. */
export function dynamoVersions(table: DynamoTable): Calls {
  return {
    allocateVersion: (image, buildId) =>
      untilWon(`the number of the next version of ${image}`, () => allocate(table, image, buildId)),
    putVersion: (version) => putVersion(table, version),
    async updateVersion(image, version, change) {
      const facts = Object.entries(change.facts ?? {}).map(([name, value]) => [path('record', 'facts', name), value]);
      const fields = { [path('record', 'state')]: change.state, ...Object.fromEntries(facts) };
      const Update = updateOf(table, keyOf(image, version), fields);
      if (Update && !(await writeRevised(table, image, { Update })))
        throw new Error(`internal: no version ${image}@${version}`);
    },
    async getVersion(image, version) {
      const item = await getItem(table, keyOf(image, version));
      return item && versionOf(item);
    },
    async listVersions(image) {
      if (image === undefined) return allVersions(table);
      const items = await queryItems(table, { pk: partition(image), skPrefix: 'VERSION#', newestFirst: true });
      return items.map(versionOf);
    },
    async aliases(image) {
      const items = await queryItems(table, { pk: partition(image), skPrefix: 'ALIAS#' });
      return Object.fromEntries(items.map((it) => [it.sk.slice('ALIAS#'.length), Number(it.version)]));
    },
    async setAlias(image, alias, version) {
      const key = { pk: partition(image), sk: `ALIAS#${alias}` };
      const item = { ...key, version, since: new Date().toISOString(), allPk: `ALIASED#${alias}`, allSk: image };
      await writeRevised(table, image, { Put: { TableName: table.name, Item: item } });
    },
    async listAliased(alias) {
      const items = await queryItems(table, { pk: `ALIASED#${alias}`, index: 'all' });
      return items.map((it) => ({
        image: String(it.allSk),
        version: Number(it.version),
        ...(it.since === undefined ? {} : { since: String(it.since) }),
      }));
    },
    async removeAlias(image, alias) {
      const Key = { pk: partition(image), sk: `ALIAS#${alias}` };
      await writeRevised(table, image, { Delete: { TableName: table.name, Key } });
    },
    revisions: () => revisions(table),
  };
}

/** The build's number, given out now or before; undefined when another build took the next one meanwhile. */
async function allocate(table: DynamoTable, image: string, buildId: string): Promise<number | undefined> {
  const given = await getItem(table, { pk: `BUILD#${buildId}`, sk: 'NUMBER' });
  if (given) return Number(given.version);
  const counter = await getItem(table, { pk: partition(image), sk: 'NUMBERS' });
  const last = Number(counter?.last ?? 0);
  const next = last + 1;
  const count = {
    TableName: table.name,
    Key: { pk: partition(image), sk: 'NUMBERS' },
    UpdateExpression: 'SET #last = :next',
    ConditionExpression: counter ? '#last = :last' : 'attribute_not_exists(pk)',
    ExpressionAttributeNames: { '#last': 'last' },
    ExpressionAttributeValues: counter ? { ':next': next, ':last': last } : { ':next': next },
  };
  const number = newItem(table, { pk: `BUILD#${buildId}`, sk: 'NUMBER', image, version: next });
  try {
    await table.client.send(new TransactWriteCommand({ TransactItems: [{ Update: count }, { Put: number }] }));
    return next;
  } catch (error) {
    if (errorName(error) === 'TransactionCanceledException') return undefined;
    throw error;
  }
}

async function putVersion(table: DynamoTable, version: ImageVersion): Promise<void> {
  const { image, version: number, buildId } = version;
  const item: Item = {
    ...keyOf(image, number),
    record: version,
    allPk: 'VERSIONS',
    allSk: `${image}#${padded(number)}`,
  };
  const put = {
    TableName: table.name,
    Item: item,
    ConditionExpression: 'attribute_not_exists(pk) OR #record.#buildId = :buildId',
    ExpressionAttributeNames: { '#record': 'record', '#buildId': 'buildId' },
    ExpressionAttributeValues: { ':buildId': buildId },
  };
  if (await writeRevised(table, image, { Put: put })) return;
  const known = await getItem(table, keyOf(image, number));
  throw new Error(`internal: ${image}@${number} is of build ${known && versionOf(known).buildId}, not ${buildId}`);
}

async function allVersions(table: DynamoTable): Promise<ImageVersion[]> {
  const versions = (await queryItems(table, { pk: 'VERSIONS', index: 'all' })).map(versionOf);
  const byName = (a: ImageVersion, b: ImageVersion) => (a.image < b.image ? -1 : a.image > b.image ? 1 : 0);
  return versions.sort((a, b) => byName(a, b) || b.version - a.version);
}
