import { expect, test } from 'vitest';
import { endOrphans } from '../../../lambdas/watch-changes/orphans.ts';
import type { Build } from '../../../src/model/build.ts';
import type { Instance } from '../../../src/ports/test-bed.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const running = { state: 'running', execution: 'arn:alive' } as Build;
const builds: Readonly<Record<string, Build>> = {
  'web-runs': running,
  'web-stopped': { ...running, execution: 'arn:stopped' },
  'web-ended': { ...running, state: 'succeeded' },
};

const instance = (further: Partial<Instance>): Instance => ({
  id: 'i-1',
  account: 'test',
  imageId: 'ami-1',
  launchedAt: '2026-01-01T11:00:00Z',
  endpoints: {},
  machine: 't3.small',
  key: 'web-runs-test',
  ...further,
});

test.each([
  { summary: 'of a build that runs', it: {}, ended: false },
  { summary: 'of a build whose execution was stopped', it: { key: 'web-stopped-test' }, ended: true },
  { summary: 'of a build that has ended', it: { key: 'web-ended-test' }, ended: true },
  { summary: 'of a build that nobody knows', it: { key: 'web-none-test' }, ended: true },
  { summary: 'by which a policy asked', it: { key: 'web@1 policies' }, ended: true },
  {
    summary: 'that was launched just now',
    it: { key: 'web@1 policies', launchedAt: '2026-01-01T11:50:00Z' },
    ended: false,
  },
  { summary: 'of somebody’s account', it: { account: '111111111111', key: 'mine' }, ended: false },
])('an instance $summary: ended $ended', async ({ it, ended }) => {
  const stopped: string[] = [];
  const ports = {
    clock: { now: () => NOW },
    progress: { note() {}, advance() {} },
    catalog: { getBuild: async (id: string) => builds[id] },
    executions: { isRunning: async (id: string) => id === 'arn:alive' },
    testBed: { running: async () => [instance(it)], stop: async ({ id }: Instance) => stopped.push(id) },
  };
  await endOrphans(ports as never).before?.({} as never);
  expect(stopped).toEqual(ended ? ['i-1'] : []);
});
