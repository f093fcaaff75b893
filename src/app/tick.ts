import { type Cause, cause as causeSchema } from '../model/build.ts';
import { digestOf } from '../model/canonical.ts';
import type { Ports } from '../ports/ports.ts';
import { causeOfChange, type Inputs, scheduleIsDue } from '../triggers/due.ts';
import { loadPacks } from './packs.ts';

type TickPorts = Pick<Ports, 'catalog' | 'clock' | 'specs' | 'source' | 'executions' | 'progress'>;

export interface TickResult {
  readonly started: readonly { image: string; cause: Cause }[];
  /** Images that could not be looked at, with the reason. */
  readonly troubled: readonly { image: string; reason: string }[];
}

interface Seen {
  readonly inputs?: Inputs;
  readonly scheduledAt?: number;
}

/** Looks at every image once and starts builds of those that a schedule, an index, a policy, a test or an account calls for. */
export async function tick(ports: TickPorts): Promise<TickResult> {
  const started: { image: string; cause: Cause }[] = [];
  const troubled: { image: string; reason: string }[] = [];
  for (const { name } of await ports.catalog.listImages()) {
    try {
      const cause = await look(ports, name);
      if (!cause) continue;
      await ports.executions.start({ image: name, cause, key: `${name}:${ports.clock.now()}` });
      started.push({ image: name, cause });
    } catch (error) {
      // One image's trouble must not keep the others from being looked at.
      troubled.push({ image: name, reason: (error as Error).message });
    }
  }
  return { started, troubled };
}

async function look(ports: TickPorts, image: string): Promise<Cause | undefined> {
  const { catalog, clock, specs } = ports;
  const key = `seen:${image}`;
  const seen = ((await catalog.getDocument(key)) ?? {}) as Seen;
  const { spec } = await specs.load(image);
  const inputs = await inputsOf(ports, image);
  const now = clock.now();
  const due = scheduleIsDue(spec.schedule, seen.scheduledAt, now);
  const cause = due ? causeSchema.parse({ kind: 'schedule' }) : causeOfChange(seen.inputs, inputs);
  // Written before the build is started: a build that fails is not started again at every tick, but when something changes.
  await catalog.putDocument(key, { inputs, scheduledAt: due ? now : (seen.scheduledAt ?? now) });
  return cause;
}

async function inputsOf(ports: TickPorts, image: string): Promise<Inputs> {
  const loaded = await ports.specs.load(image);
  const [indexes, packs] = [await ports.source.indexes(loaded.spec.os, ports.progress), await loadPacks(ports, loaded)];
  const accounts = digestOf(await ports.specs.accounts(image));
  return { spec: loaded.digest, packs: packs.digest, accounts, indexes: indexes.map((it) => it.sha256).sort() };
}
