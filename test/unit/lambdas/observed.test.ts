import middy from '@middy/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { observed } from '../../../lambdas/shared/observed.ts';
import { validated } from '../../../lambdas/shared/validated.ts';
import { KilnError } from '../../../src/model/error.ts';

const CONTEXT = { functionName: 'kiln-a-step', awsRequestId: 'r-1', getRemainingTimeInMillis: () => 60_000 };
const HINT = 'start it with {"image": "nginx"}';

/** A step that does what its event says. */
const step = observed(
  middy()
    .use(validated(z.object({ image: z.string(), buildId: z.string(), fails: z.boolean().optional() }), HINT))
    .handler(async (event: { fails?: boolean }) => {
      if (event.fails) throw new KilnError('SOURCE_UNAVAILABLE', 'the mirror is away', { hint: 'try again' });
      return { outcome: 'succeeded' };
    }),
);
const call = (event: object) =>
  (step as unknown as (event: object, context: object) => Promise<unknown>)(event, CONTEXT);

let written: string[];
beforeEach(() => {
  written = [];
  vi.stubEnv('POWERTOOLS_DEV', 'true');
  for (const name of ['log', 'info', 'warn', 'error'] as const)
    vi.spyOn(console, name).mockImplementation((...words: unknown[]) => void written.push(words.join(' ')));
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const entries = () => written.flatMap((it) => (it.trim().startsWith('{') ? [JSON.parse(it)] : []));
const lines = () => entries().filter((it) => it.level !== undefined);
const measured = () => entries().find((it) => it._aws !== undefined);

test('what a step says at its end names its build, whatever the end', async () => {
  await call({ image: 'web', buildId: 'web-1' });
  await expect(call({ image: 'web', buildId: 'web-2', fails: true })).rejects.toMatchObject({
    name: 'SOURCE_UNAVAILABLE',
  });
  vi.restoreAllMocks();
  expect(lines()).toMatchObject([
    { message: 'done', image: 'web', buildId: 'web-1' },
    { message: 'the mirror is away', image: 'web', buildId: 'web-2', code: 'SOURCE_UNAVAILABLE', hint: 'try again' },
  ]);
});

test('an execution that fails shows the message of its fault alone: what to do stands in it', async () => {
  await expect(call({ image: 'web', buildId: 'web-2', fails: true })).rejects.toThrow('the mirror is away; try again');
  const wrong = call({ buildId: 'web-3' });
  await expect(wrong).rejects.toMatchObject({
    name: 'USAGE',
    message: expect.stringMatching(/image: .*; start it with/),
  });
});

test('an event that is not valid is counted and logged like any other fault', async () => {
  await expect(call({ buildId: 'web-3' })).rejects.toMatchObject({ name: 'USAGE' });
  vi.restoreAllMocks();
  expect(lines()).toMatchObject([{ buildId: 'web-3', code: 'USAGE' }]);
  expect(measured()).toMatchObject({ step: 'kiln-a-step', outcome: 'USAGE', StepMilliseconds: expect.any(Number) });
});
