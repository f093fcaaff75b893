import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { makeHandler as makeFleet } from '../../../lambdas/list-fleet/handler.ts';
import { makeHandler as makePlan } from '../../../lambdas/plan-build/handler.ts';
import { makeHandler as makeProbe } from '../../../lambdas/probe-instance/handler.ts';
import { observed } from '../../../lambdas/shared/observed.ts';
import { makeHandler as makeStart } from '../../../lambdas/start-build/handler.ts';
import { sqliteCatalog } from '../../../src/adapters/local/sqlite-catalog.ts';
import type { Catalog } from '../../../src/ports/catalog.ts';
import { systemClock } from '../../../src/ports/clock.ts';

type Call = (event: unknown, context: object) => Promise<unknown>;

describe('an execution started in the console', () => {
  let catalog: Catalog;
  const deployed = (handler: unknown) => (event: unknown) =>
    (observed(handler as never) as unknown as Call)(event, { functionName: 'kiln' });
  const executions = { isRunning: async () => true, start: async () => {} };
  const plan = (request: unknown) =>
    deployed(makePlan({ catalog, clock: systemClock, executions } as never))({ executionId: 'one', request });
  const fleet = (request: unknown) =>
    deployed(makeFleet({ catalog, bucket: 'bucket', put: async () => {} }))({ executionId: 'one', request });

  beforeEach(async () => {
    // Logs and metrics go past the console.
    for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'write').mockReturnValue(true);
    catalog = sqliteCatalog(join(mkdtempSync(join(tmpdir(), 'kiln-by-hand-')), 'catalog.sqlite'));
    await catalog.putImage({ name: 'nginx', spec: 's', addedAt: '2026-01-01T00:00:00.000Z' });
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  test.each([
    { input: {}, name: 'USAGE', says: /request\.image: .*; start it with \{"image": "nginx"\}/ },
    { input: 5, name: 'USAGE', says: /request: .*number; start it with/ },
    { input: { images: ['nginx'] }, name: 'USAGE', says: /build-fleet takes \{"images": \["nginx"\]\}/ },
    { input: { image: '' }, name: 'USAGE', says: /request\.image/ },
    { input: { image: 'nginx', cause: 'because' }, name: 'USAGE', says: /request\.cause: .*object/ },
    { input: { image: 'nope' }, name: 'NOT_FOUND', says: /no image nope is known; known images: nginx/ },
  ])('with $input fails with what is wrong and what is right', async ({ input, name, says }) => {
    await expect(plan(input)).rejects.toMatchObject({ name, message: expect.stringMatching(says) });
  });

  test('takes force beside the image, and when it asks again has it among its options', async () => {
    const first = await plan({ image: 'nginx', force: true });
    expect(first).toMatchObject({ decision: 'proceed', options: { force: true } });
    expect(await plan(first)).toMatchObject({ decision: 'proceed', options: { force: true } });
    expect(await plan({ image: 'nginx' })).toMatchObject({ options: {} });
  });

  test.each([
    { input: {}, says: /all images or those that are named; start it with/ },
    { input: { image: 'nginx' }, says: /start it with \{"all": true\}/ },
    { input: { images: ['nope'] }, says: /no image nope is known; kiln remote images/ },
    { input: { all: 'yes' }, says: /request\.all: .*; start it with/ },
  ])('a fleet with $input fails with what is wrong and what is right', async ({ input, says }) => {
    await expect(fleet(input)).rejects.toThrow(says);
  });

  test.each([
    { summary: 'what starts builds', handler: () => makeStart({} as never) },
    { summary: 'the prober', handler: () => makeProbe({} as never) },
    { summary: 'planning', handler: () => makePlan({} as never) },
  ])('$summary answers to a test event that it is not valid', async ({ handler }) => {
    await expect(deployed(handler())({})).rejects.toMatchObject({ name: 'USAGE' });
  });
});
