import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sqliteCatalog } from '../../../../src/adapters/local/sqlite-catalog.ts';
import { endBuild } from '../../../../src/app/steps/end-build.ts';
import type { StepRecord } from '../../../../src/model/build.ts';

const AT = '2026-01-01T00:00:00.000Z';

describe('a build that failed', () => {
  let catalog: ReturnType<typeof sqliteCatalog>;
  let asked: string[];
  beforeEach(async () => {
    catalog = sqliteCatalog(join(mkdtempSync(join(tmpdir(), 'kiln-end-')), 'catalog.sqlite'));
    asked = [];
    const build = { id: 'b1', image: 'web', cause: { kind: 'request' as const }, state: 'running' as const };
    await catalog.createBuild({ ...build, requestedAt: AT, steps: [] });
  });
  afterEach(() => catalog.close());

  const ask = (what: string) => async (key: string) => void asked.push(`${what} ${key}`);
  const end = (fault?: { Error: string; Cause: unknown }) =>
    endBuild(
      {
        catalog,
        clock: { now: () => Date.parse(AT) },
        notifier: { notify: async () => undefined },
        registry: { abandon: ask('abandon'), quarantine: ask('quarantine') } as never,
        testBed: { end: ask('end') } as never,
      },
      { image: 'web', buildId: 'b1', executionId: 'x1', state: 'failed', fault },
    );

  test('has its instance ended, and what it registered without a record removed', async () => {
    await end();
    expect(asked).toEqual(['end b1-test', 'abandon b1']);
  });

  const failed: StepRecord = { step: 'bake', startedAt: AT, endedAt: AT, outcome: 'failed', detail: 'postinst of web' };
  const bake = { Id: 'kiln-bake-image:17', BuildStatus: 'TIMED_OUT' };
  test.each([
    { summary: 'by the step that recorded it', steps: [failed], fault: undefined, want: 'bake: postinst of web' },
    {
      summary: 'by what a function said',
      fault: { Error: 'Runtime.ExitError', Cause: JSON.stringify({ errorMessage: 'the runtime exited' }) },
      want: 'Runtime.ExitError: the runtime exited',
    },
    {
      summary: 'by the bake that recorded nothing',
      fault: { Error: 'States.TaskFailed', Cause: JSON.stringify({ Build: bake }) },
      want: 'States.TaskFailed: the bake ended TIMED_OUT; its log is that of the build kiln-bake-image:17',
    },
    {
      summary: 'by the text of the local runner',
      fault: { Error: 'NO_SPACE', Cause: 'no space left' },
      want: 'NO_SPACE: no space left',
    },
  ])('says why: $summary', async ({ steps = [], fault, want }) => {
    for (const step of steps) await catalog.putStep('b1', step);
    // The execution shows it as its cause.
    expect((await end(fault)).reason).toBe(want);
    expect(await catalog.getBuild('b1')).toMatchObject({ state: 'failed', detail: want });
  });
});
