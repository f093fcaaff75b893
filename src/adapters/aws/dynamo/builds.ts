import { gunzipSync, gzipSync } from 'node:zlib';
import { TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { type Build, type BuildState, build, buildState, type StepRecord } from '../../../model/build.ts';
import type { Catalog } from '../../../ports/catalog.ts';
import { errorName } from '../aws-fault.ts';
import { type DynamoTable, getItem, type Item, queryItems } from './table.ts';
import { newItem, path, setPaths } from './writes.ts';

type Calls = Pick<Catalog, 'createBuild' | 'getBuild' | 'listBuilds' | 'imagesWithBuilds' | 'updateBuild' | 'putStep'>;
type Known = Pick<StepRecord, 'step'> & { readonly [field: string]: unknown };

const keyOf = (id: string) => ({ pk: `BUILD#${id}`, sk: 'BUILD' });
const groupOf = (state: BuildState) => `BUILDS#${state}`;

/**
 * A build and its steps are a partition of their own, so that a build is one query and a step one write, however many
 * accounts it is shared with. An item in the image's partition lists it, so that the builds of an image are read strongly
 * consistently.
 */
export function dynamoBuilds(table: DynamoTable): Calls {
  const getBuild = async (id: string) => buildOf(await queryItems(table, { pk: keyOf(id).pk }));
  return {
    getBuild,
    async createBuild(wanted) {
      try {
        await table.client.send(new TransactWriteCommand({ TransactItems: itemsOf(table, wanted) }));
      } catch (error) {
        const known = await getBuild(wanted.id);
        if (errorName(error) !== 'TransactionCanceledException' || !known) throw error;
        return known;
      }
      for (const step of wanted.steps) await putStep(table, wanted.id, step);
      return wanted;
    },
    async listBuilds({ image, state, limit = 100 }) {
      const ids = image === undefined ? await newest(table, state, limit) : await ofImage(table, image, state);
      const builds: Build[] = [];
      const atOnce = Math.min(limit, AT_ONCE);
      for (let start = 0; start < ids.length && builds.length < limit; start += atOnce) {
        const some = await Promise.all(ids.slice(start, start + atOnce).map(getBuild));
        builds.push(...some.filter((it) => it !== undefined).filter((it) => state === undefined || it.state === state));
      }
      return builds.slice(0, limit);
    },
    async imagesWithBuilds(states) {
      const groups = states.map((it) => queryItems(table, { pk: groupOf(it), index: 'group' }));
      return new Set((await Promise.all(groups)).flat().map((it) => (it.record as Build).image));
    },
    async updateBuild(id, change) {
      const fields = Object.entries(change).map(([name, value]) => [path('record', name), value]);
      const group = change.state && { groupPk: groupOf(change.state) };
      const update = { ...Object.fromEntries(fields), ...group };
      if (change.state && ACTIVE.has(change.state)) await listAs(table, await getItem(table, keyOf(id)), change.state);
      const item = await setPaths(table, keyOf(id), update);
      if (!item) throw new Error(`internal: no build ${id}`);
      if (change.state && !ACTIVE.has(change.state)) await listAs(table, item, change.state);
    },
    putStep: (buildId, step) => putStep(table, buildId, step),
  };
}

const AT_ONCE = 10;

/** States of builds that somebody works on, or will. */
const ACTIVE: ReadonlySet<unknown> = new Set<BuildState>(['running', 'waiting']);

/**
 * Notes a build's state where its image lists it, so that the few that run are found among thousands. It is noted before a build
 * becomes active and after it has ended: killed in between, it says `running` of one that does not, which reading the build shows.
 */
async function listAs(table: DynamoTable, item: Item | undefined, state: BuildState): Promise<void> {
  if (!item) return;
  const { id, image, requestedAt } = item.record as Build;
  await setPaths(table, { pk: `IMAGE#${image}`, sk: `BUILD#${requestedAt}#${id}` }, { state });
}

function itemsOf(table: DynamoTable, wanted: Build) {
  const { steps: _, ...record } = wanted;
  const order = `${wanted.requestedAt}#${wanted.id}`;
  const item: Item = { ...keyOf(wanted.id), record, groupPk: groupOf(wanted.state), groupSk: order };
  const listed: Item = { pk: `IMAGE#${wanted.image}`, sk: `BUILD#${order}`, build: wanted.id, state: wanted.state };
  return [{ Put: newItem(table, item) }, { Put: { TableName: table.name, Item: listed } }];
}

/** Identifiers of an image's builds, newest first; where a state is asked for, without those that can't be in it. */
async function ofImage(table: DynamoTable, image: string, state: BuildState | undefined): Promise<string[]> {
  const items = await queryItems(table, { pk: `IMAGE#${image}`, skPrefix: 'BUILD#', newestFirst: true });
  const may = ({ state: noted }: Item) =>
    state === undefined || noted === undefined || noted === state || ACTIVE.has(noted);
  return items.filter(may).map((it) => String(it.build));
}

/** Identifiers of the newest builds of every image, by the index. */
async function newest(table: DynamoTable, state: BuildState | undefined, limit: number): Promise<string[]> {
  const states = state === undefined ? buildState.options : [state];
  const groups = states.map((it) => queryItems(table, { pk: groupOf(it), index: 'group', newestFirst: true, limit }));
  return (await Promise.all(groups))
    .flat()
    .sort((a, b) => (String(a.groupSk) < String(b.groupSk) ? 1 : -1))
    .slice(0, limit)
    .map((it) => String(it.pk).slice('BUILD#'.length));
}

async function putStep(table: DynamoTable, buildId: string, step: StepRecord): Promise<void> {
  // Two steps may begin in one millisecond: the finer clock of the first writer settles which was first.
  const order = `${step.startedAt}#${(performance.timeOrigin + performance.now()).toFixed(3)}`;
  await table.client.send(
    new UpdateCommand({
      TableName: table.name,
      Key: { pk: keyOf(buildId).pk, sk: `STEP#${step.step}` },
      UpdateExpression: 'SET #record = :step, #order = if_not_exists(#order, :order)',
      ExpressionAttributeNames: { '#record': 'record', '#order': 'order' },
      ExpressionAttributeValues: { ':step': packed(step), ':order': order },
    }),
  );
}

const PACK_BYTES = 8 * 1024;

/** An item holds 400 KB at most, and a validation report can be long: a long result is kept compressed. */
function packed(step: StepRecord): Known {
  const text = JSON.stringify(step.result);
  if (text === undefined || text.length <= PACK_BYTES) return step;
  return { ...step, result: undefined, packedResult: gzipSync(text) };
}

function unpacked({ packedResult, ...step }: Known): unknown {
  if (!(packedResult instanceof Uint8Array)) return step;
  return { ...step, result: JSON.parse(gunzipSync(packedResult).toString()) };
}

function buildOf(items: readonly Item[]): Build | undefined {
  const item = items.find((it) => it.sk === 'BUILD');
  if (!item) return undefined;
  const steps = items
    .filter((it) => it.sk.startsWith('STEP#'))
    .sort((a, b) => (String(a.order) < String(b.order) ? -1 : 1))
    .map((it) => unpacked(it.record as Known));
  return build.parse({ ...(item.record as object), steps });
}
