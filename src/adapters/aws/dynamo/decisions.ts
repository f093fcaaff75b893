import { type Decision, decision } from '../../../model/access.ts';
import { digestOf } from '../../../model/canonical.ts';
import type { Catalog } from '../../../ports/catalog.ts';
import { type DynamoTable, queryItems } from './table.ts';
import { putNew } from './writes.ts';

/** Decisions of one item, about 100 KB of the 400 that an item may have: judging 60 accounts costs one write. */
const DECISIONS_AN_ITEM = 200;

/** Decisions, many to an item, listed by the indexes: newest first by image, or of all images. */
export function dynamoDecisions(table: DynamoTable): Pick<Catalog, 'recordDecisions' | 'listDecisions'> {
  return {
    async recordDecisions(decisions) {
      for (const some of chunksOf(decisions)) await putChunk(table, some);
    },
    async listDecisions({ image, version, account, action, limit = 100 }) {
      const place = image === undefined ? { pk: 'DECISIONS', index: 'all' as const } : ofImage(image);
      const items = await queryItems(table, { ...place, newestFirst: true });
      const found = new Map<string, Decision>();
      for (const it of items.flatMap((item) => decision.array().parse(item.record).reverse())) {
        const fits = [[version, it.version] as const, [account, it.account] as const, [action, it.action] as const];
        if (fits.every(([wanted, has]) => wanted === undefined || wanted === has)) found.set(it.id, it);
      }
      return [...found.values()].slice(0, limit);
    },
  };
}

const ofImage = (image: string) => ({ pk: `DECISIONS#${image}`, index: 'group' as const });

/** Of one image each, in the order in which they were made. */
function chunksOf(decisions: readonly Decision[]): Decision[][] {
  const chunks: Decision[][] = [];
  for (const it of decisions) {
    const last = chunks.at(-1);
    if (last && last.length < DECISIONS_AN_ITEM && last[0]?.image === it.image) last.push(it);
    else chunks.push([it]);
  }
  return chunks;
}

async function putChunk(table: DynamoTable, chunk: readonly Decision[]): Promise<void> {
  const [first] = chunk;
  if (!first) return;
  // The same decisions recorded again are the same item.
  const id = digestOf(chunk.map((it) => it.id)).slice(0, 32);
  const order = `${first.at}#${id}`;
  const places = { ...groupOf(first.image, order), allPk: 'DECISIONS', allSk: order };
  await putNew(table, { pk: `DECISIONS#${id}`, sk: 'DECISIONS', record: chunk, ...places });
}

const groupOf = (image: string, order: string) => ({ groupPk: `DECISIONS#${image}`, groupSk: order });
