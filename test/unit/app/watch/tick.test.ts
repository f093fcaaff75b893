import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { sqliteCatalog } from '../../../../src/adapters/local/sqlite-catalog.ts';
import { inputsOf } from '../../../../src/app/lock/build-inputs.ts';
import { tick } from '../../../../src/app/watch/tick.ts';
import type { Cause } from '../../../../src/model/build.ts';
import { KilnError } from '../../../../src/model/error.ts';
import { imageSpec } from '../../../../src/model/spec.ts';
import { silent } from '../../../../src/ports/progress.ts';

/** A world in which one image is known, and in which each test changes one thing. */
function world() {
  const state = {
    now: Date.parse('2026-03-01T10:00:00Z'),
    spec: 'spec-1',
    index: 'index-1',
    accounts: ['111111111111'],
    schedule: undefined as undefined | { every: string; timezone: string },
    broken: false,
    fault: undefined as Error | undefined,
  };
  const catalog = sqliteCatalog(join(mkdtempSync(join(tmpdir(), 'kiln-tick-')), 'catalog.sqlite'));
  const started: { image: string; cause: Cause }[] = [];
  const specOf = () =>
    imageSpec.parse({
      name: 'web',
      application: { packages: ['web'], run: { command: ['/web'] } },
      schedule: state.schedule,
    });
  const ports = {
    catalog,
    clock: { now: () => state.now },
    progress: silent,
    specs: {
      load: async () => {
        if (state.broken) throw new Error('image.yaml is wrong');
        return { spec: specOf(), directory: '/', digest: state.spec, lockInputs: state.spec };
      },
      accounts: async () => state.accounts.map((id) => ({ id, name: id })),
      policyFolder: async () => undefined,
    },
    source: { indexes: async () => [{ sha256: state.index }] },
    executions: {
      isRunning: async () => false,
      start: async (it: { image: string; cause: Cause }) => {
        started.push(it);
        if (state.fault) throw state.fault;
      },
    },
  };
  /** Publishes a version that was built a moment ago from the index of now. */
  const publish = async (lockInputs: string) => {
    const loaded = { ...(await ports.specs.load()), lockInputs };
    const [lockDigest, diskDigest, treeDigest] = ['a', 'b', 'c'].map((it) => it.repeat(64)) as [string, string, string];
    await catalog.putVersion({
      ...{ image: 'web', version: 1, state: 'available', imageId: 'img-web-1', buildId: 'web-1' },
      ...{ lockDigest, diskDigest, treeDigest, createdAt: new Date(state.now).toISOString() },
      facts: { builtFrom: inputsOf(loaded, await ports.source.indexes()) },
    });
    await catalog.setAlias('web', 'latest', 1);
  };
  return { state, catalog, started, publish, look: () => tick(ports as never) };
}

describe('tick', () => {
  let here: ReturnType<typeof world>;
  beforeEach(async () => {
    here = world();
    await here.catalog.putImage({ name: 'web', spec: '/web/image.yaml', addedAt: '2026-01-01T00:00:00.000Z' });
    await here.look();
    here.started.length = 0;
  });

  test.each([
    { summary: 'nothing when nothing changed', change: {}, kind: undefined },
    { summary: 'a build when the index changed', change: { index: 'index-2' }, kind: 'component' },
    { summary: 'a build when what is baked of the spec changed', change: { spec: 'spec-2' }, kind: 'request' },
    {
      summary: 'nothing of an image that was never published when an account was added',
      change: { accounts: ['111111111111', '222222222222'] },
      kind: undefined,
    },
  ])('starts $summary, and once', async ({ change, kind }) => {
    Object.assign(here.state, change);
    const first = await here.look();
    expect(first.started.map((it) => it.cause.kind)).toEqual(kind ? [kind] : []);
    expect((await here.look()).started).toEqual([]);
  });

  test.each([
    { summary: 'nothing where somebody built what there is now', built: 'spec-2', started: [] },
    { summary: 'a build where somebody built what was before', built: 'spec-1', started: ['the spec changed'] },
  ])('starts $summary', async ({ built, started }) => {
    await here.publish(built);
    here.state.spec = 'spec-2';
    expect((await here.look()).started.map((it) => it.cause.detail)).toEqual(started);
  });

  test('starts nothing of what somebody built before the first look, until its schedule is due', async () => {
    const fresh = world();
    await fresh.catalog.putImage({ name: 'web', spec: '/web/image.yaml', addedAt: '2026-01-01T00:00:00.000Z' });
    await fresh.publish('spec-1');
    fresh.state.schedule = { every: '1h', timezone: 'UTC' };
    fresh.state.now += 3_599_000;
    expect((await fresh.look()).started).toEqual([]);
    fresh.state.now += 1_000;
    expect((await fresh.look()).started.map((it) => it.cause.kind)).toEqual(['schedule']);
  });

  test('starts a build each time that the schedule is due', async () => {
    here.state.schedule = { every: '1h', timezone: 'UTC' };
    expect((await here.look()).started).toEqual([]);
    here.state.now += 3_600_000;
    expect((await here.look()).started.map((it) => it.cause.kind)).toEqual(['schedule']);
    here.state.now += 60_000;
    expect((await here.look()).started).toEqual([]);
  });

  test.each([
    { summary: 'again when the start met a fault that passes', code: 'THROTTLED', again: ['component'] },
    { summary: 'not again when it failed for good', code: 'CONFIGURE_FAILED', again: [] },
  ] as const)('a change is looked at $summary', async ({ code, again }) => {
    Object.assign(here.state, { index: 'index-2', fault: new KilnError(code, 'too fast') });
    expect(await here.look()).toMatchObject({ started: [], troubled: [{ image: 'web', reason: 'too fast' }] });
    here.state.fault = undefined;
    expect((await here.look()).started.map((it) => it.cause.kind)).toEqual(again);
    expect((await here.look()).started).toEqual([]);
  });

  test('tells which image could not be looked at, and looks at the others', async () => {
    here.state.broken = true;
    expect(await here.look()).toMatchObject({
      started: [],
      troubled: [{ image: 'web', reason: 'image.yaml is wrong' }],
    });
  });
});
