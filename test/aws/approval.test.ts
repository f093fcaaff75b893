import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { sqliteCatalog } from '../../src/adapters/local/sqlite-catalog.ts';
import { answerApproval, askApproval } from '../../src/app/steps/approve-image.ts';
import { KilnError } from '../../src/model/error.ts';
import type { Catalog } from '../../src/ports/catalog.ts';
import { systemClock } from '../../src/ports/clock.ts';

describe('a build that waits for approval', () => {
  let catalog: Catalog;
  let told: string[];
  const given: unknown[] = [];
  const step = async () => (await catalog.getBuild('b1'))?.steps.find((it) => it.step === 'approve');
  const ask = (token: string) => {
    const notifier = { notify: async ({ kind }: { kind: string }) => void told.push(kind) };
    return askApproval({ catalog, clock: systemClock, notifier }, { image: 'web', buildId: 'b1', token });
  };
  const answer = (approved: boolean, reason?: string) =>
    answerApproval(
      { catalog, clock: systemClock },
      { buildId: 'b1', approved, by: 'ann', reason },
      async (token, output) => {
        given.push([token, output]);
      },
    );
  beforeEach(async () => {
    catalog = sqliteCatalog(join(mkdtempSync(join(tmpdir(), 'kiln-approval-')), 'catalog.sqlite'));
    told = [];
    given.length = 0;
    const requestedAt = new Date().toISOString();
    const cause = { kind: 'request' as const };
    await catalog.createBuild({ id: 'b1', image: 'web', cause, state: 'running', requestedAt, steps: [], version: 1 });
  });

  test('says so, and is answered by the newest token', async () => {
    await ask('old');
    await ask('new');
    expect([(await step())?.outcome, told]).toEqual(['running', ['approval.wanted', 'approval.wanted']]);
    await answer(true, 'looks fine');
    expect(given).toEqual([['new', { outcome: 'succeeded', detail: 'approved by ann: looks fine' }]]);
    expect(await step()).toMatchObject({ outcome: 'succeeded', detail: 'approved by ann: looks fine' });
  });

  test('refused, its record says by whom and why', async () => {
    await ask('token');
    await answer(false, 'too large');
    expect(await step()).toMatchObject({ outcome: 'refused', detail: 'refused by ann: too large' });
  });

  test('goes on waiting where the answer did not arrive', async () => {
    await ask('token');
    const lost = new KilnError('THROTTLED', 'rate exceeded');
    const given = { buildId: 'b1', approved: true, by: 'ann' };
    const answering = answerApproval({ catalog, clock: systemClock }, given, () => Promise.reject(lost));
    await expect(answering).rejects.toBe(lost);
    expect((await step())?.outcome).toBe('running');
  });

  test('that waits for nobody, or has ended, is not answered', async () => {
    await expect(answer(true)).rejects.toMatchObject({ code: 'REFUSED' });
    await ask('token');
    await catalog.updateBuild('b1', { state: 'failed' });
    await expect(answer(true)).rejects.toMatchObject({ code: 'REFUSED' });
  });
});
