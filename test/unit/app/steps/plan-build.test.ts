import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { sqliteCatalog } from '../../../../src/adapters/local/sqlite-catalog.ts';
import { endBuild } from '../../../../src/app/steps/end-build.ts';
import { planBuild } from '../../../../src/app/steps/plan-build.ts';
import type { Catalog } from '../../../../src/ports/catalog.ts';
import { systemClock } from '../../../../src/ports/clock.ts';

const registry = {} as never;
const notifier = { notify: async () => {} };

describe('planBuild', () => {
  let catalog: Catalog;
  let alive: Set<string>;
  const ports = () => ({
    catalog,
    clock: systemClock,
    executions: { isRunning: async (id: string) => alive.has(id), start: async () => {} },
  });
  const plan = (executionId: string, buildId?: string) => planBuild(ports(), { image: 'web', buildId }, executionId);
  const end = (buildId: string, executionId: string) =>
    endBuild(
      { catalog, clock: systemClock, registry, notifier },
      { image: 'web', buildId, executionId, state: 'succeeded' },
    );

  beforeEach(async () => {
    catalog = sqliteCatalog(join(mkdtempSync(join(tmpdir(), 'kiln-plan-')), 'catalog.sqlite'));
    alive = new Set(['one', 'two', 'three']);
    await catalog.putImage({ name: 'web', spec: '/web/image.yaml', addedAt: '2026-01-01T00:00:00.000Z' });
  });

  test('the first builds, the second waits, the third joins the second', async () => {
    expect((await plan('one')).decision).toBe('proceed');
    const second = await plan('two');
    expect(second.decision).toBe('wait');
    expect(await plan('three')).toMatchObject({ decision: 'joined', buildId: second.buildId });
  });

  test('who waits builds under its own id when the first has ended, and then another may wait', async () => {
    const first = await plan('one');
    const second = await plan('two');
    expect(await plan('two', second.buildId)).toMatchObject({ decision: 'wait', buildId: second.buildId });
    await end(first.buildId, 'one');
    expect(await plan('two', second.buildId)).toMatchObject({ decision: 'proceed', buildId: second.buildId });
    expect((await catalog.getBuild(second.buildId))?.state).toBe('running');
    expect((await plan('three')).decision).toBe('wait');
  });

  test('a build whose execution was killed is taken up again under its own id', async () => {
    const first = await plan('one');
    alive.delete('one');
    expect(await plan('two')).toMatchObject({ decision: 'proceed', buildId: first.buildId });
    expect(await catalog.listBuilds({ image: 'web' })).toHaveLength(1);
  });

  test('a build that ended is not taken up again', async () => {
    const first = await plan('one');
    await end(first.buildId, 'one');
    const second = await plan('two');
    expect(second.decision).toBe('proceed');
    expect(second.buildId).not.toBe(first.buildId);
  });

  test('the place of one that died waiting is free again', async () => {
    await plan('one');
    await plan('two');
    alive.delete('two');
    expect((await plan('three')).decision).toBe('wait');
  });

  test('asking again with the same execution changes nothing', async () => {
    const first = await plan('one');
    expect(await plan('one')).toMatchObject({ decision: 'proceed', buildId: first.buildId });
  });

  test('the same execution planned twice at once begins one build', async () => {
    const [first, second] = await Promise.all([plan('one'), plan('one')]);
    expect(second?.buildId).toBe(first?.buildId);
    expect(await catalog.listBuilds({ image: 'web' })).toHaveLength(1);
  });

  test('an image that nobody knows is named, with those that are known', async () => {
    await expect(planBuild(ports(), { image: 'wbe' }, 'one')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'no image wbe is known',
      hint: 'known images: web',
    });
  });
});
