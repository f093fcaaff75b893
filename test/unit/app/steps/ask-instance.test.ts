import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { askInstance } from '../../../../src/app/steps/ask-instance.ts';
import type { Build, StepRecord } from '../../../../src/model/build.ts';
import { KilnError } from '../../../../src/model/error.ts';
import { imageSpec } from '../../../../src/model/spec.ts';
import { silent } from '../../../../src/ports/progress.ts';
import type { Instance, TestResult } from '../../../../src/ports/test-bed.ts';

const spec = imageSpec.parse({
  name: 'web',
  application: { packages: ['web'], run: { command: ['/web'] }, ports: [80] },
  tests: [
    { name: 'first', tcp: { port: 80 } },
    { name: 'second', tcp: { port: 80 } },
  ],
});

type Answer = Partial<TestResult> | Error | 'hangs';

/** A build whose instance answers tests one after the other; tells what was asked, since when, and what became of the instance. */
function world(answers: readonly Answer[], instanceId = () => 'i-1') {
  const left = [...answers];
  const asked: (readonly [name: string, since: number | undefined])[] = [];
  const stopped: string[] = [];
  const steps: StepRecord[] = [];
  let now = 1_000;
  const testBed = {
    launch: async () => ({ id: instanceId(), machine: 'tcg' }) as Instance,
    async probe(_: Instance, { name = '' }: { name?: string }, signal?: AbortSignal, since?: number) {
      asked.push([name, since]);
      const answer = left.shift();
      if (answer === 'hangs') await sleep(5_000, undefined, { signal });
      if (answer instanceof Error) throw answer;
      now += 1_000;
      return { name, passed: true, ...(answer as object) };
    },
    stop: async ({ id }: Instance) => {
      stopped.push(id);
      return { clean: true };
    },
  };
  const catalog = {
    putStep: async (_: string, step: StepRecord) => void steps.splice(0, 1, step),
    getDocument: async () => undefined,
    putDocument: async () => undefined,
  };
  const specs = { accounts: async () => [], policyFolder: async () => undefined };
  const ports = { testBed, catalog, specs, clock: { now: () => now }, progress: silent } as never;
  const ask = (askMs?: number) => {
    const build = { id: 'b', image: 'web', steps } as unknown as Build;
    const loaded = { spec, directory: '/', digest: '', lockInputs: '' };
    return askInstance(ports, { build, loaded, launch: { diskDigest: 'd' } as never }, askMs);
  };
  return { ask, asked, stopped, steps };
}

const later = new KilnError('TEST_PENDING', 'later');

test('what takes longer than one call is gone on with: what was answered is not asked again, and the time counts from the first call on', async () => {
  const { ask, asked, stopped, steps } = world([{}, 'hangs', {}]);
  await expect(ask(50)).rejects.toMatchObject({ code: 'TEST_PENDING' });
  expect([stopped, steps[0]?.outcome, steps[0]?.startedAt]).toEqual([[], 'running', new Date(1_000).toISOString()]);
  const { results } = await ask();
  expect(results.map((it) => [it.name, it.passed])).toEqual([
    ['first', true],
    ['second', true],
  ]);
  expect(asked).toEqual([
    ['first', 1_000],
    ['second', 2_000],
    ['second', 2_000],
  ]);
});

test('an answer that nobody has to wait for is asked for again, by the call after', async () => {
  const { ask, stopped } = world([later, {}, {}]);
  await expect(ask()).rejects.toMatchObject({ code: 'TEST_PENDING' });
  expect(stopped).toEqual([]);
  expect((await ask()).results).toHaveLength(2);
});

test('another instance is asked everything', async () => {
  const ids = ['i-1', 'i-2'];
  const { ask, asked } = world([{}, later, {}, {}], () => ids.shift() ?? '');
  await expect(ask()).rejects.toMatchObject({ code: 'TEST_PENDING' });
  await ask();
  expect(asked.map(([name]) => name)).toEqual(['first', 'second', 'first', 'second']);
});

test.each([
  {
    summary: 'a test that fails is an answer, and the last one',
    answers: [{ passed: false }],
    results: 1,
    stopped: [],
  },
  {
    summary: 'one that somebody ended says nothing of the image',
    answers: [{ passed: false, cutShort: true }],
    code: 'BUSY',
    stopped: ['i-1'],
  },
  {
    summary: 'a fault ends it',
    answers: [new KilnError('HOST_NOT_READY', 'no client')],
    code: 'HOST_NOT_READY',
    stopped: ['i-1'],
  },
])('an instance: $summary', async ({ answers, results, code, stopped }) => {
  const here = world(answers);
  if (code) await expect(here.ask()).rejects.toMatchObject({ code });
  else expect((await here.ask()).results).toHaveLength(results ?? 0);
  expect(here.stopped).toEqual(stopped);
});
