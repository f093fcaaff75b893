import { readdirSync } from 'node:fs';
// @ts-expect-error it has no types
import aslValidator from 'asl-validator';
import { describe, expect, test } from 'vitest';
import { KilnError } from '../../../src/model/error.ts';
import { definitionText, parseDefinition, substitutionNames } from '../../../src/workflow/definition.ts';
import { handlerName, runLocally } from '../../../src/workflow/run-locally.ts';

type Answers = Record<string, unknown>;

/** Runs the real definition over handlers that answer as told, and tells which were called with what. */
async function run(answers: Answers) {
  const calls: { name: string; event: Record<string, unknown> }[] = [];
  const names = substitutionNames(definitionText('build-image')).map(handlerName);
  const handlers = Object.fromEntries(
    names.map((name) => [
      name,
      async (event: never) => {
        calls.push({ name, event });
        const answer = answers[name] ?? { outcome: 'succeeded', reason: 'why' };
        if (answer instanceof Error) throw answer;
        return typeof answer === 'function' ? answer(event) : answer;
      },
    ]),
  );
  const outcome = await runLocally({ machine: 'build-image', input: { image: 'web' }, executionId: 'x1', handlers });
  return { outcome, calls, called: calls.map((it) => it.name) };
}

interface CommentedState {
  readonly Comment?: string;
  readonly ItemProcessor?: { readonly States: Readonly<Record<string, CommentedState>> };
}

const proceed = { decision: 'proceed', image: 'web', buildId: 'b1', options: {} };

describe('the state machine of a build', () => {
  test('is valid Amazon States Language', () => {
    const definition = parseDefinition(
      definitionText('build-image'),
      (name) => `arn:aws:lambda:eu-west-1:123456789012:function:${name}`,
    );
    expect(aslValidator(definition as never, { checkArn: false })).toMatchObject({ isValid: true, errors: [] });
  });

  test.each(['build-image', 'build-fleet'])('every state of %s says in the console what happens in it', (name) => {
    const silent = (States: Readonly<Record<string, CommentedState>>): string[] =>
      Object.entries(States).flatMap(([state, { Comment, ItemProcessor }]) => [
        ...(Comment ? [] : [state]),
        ...silent(ItemProcessor?.States ?? {}),
      ]);
    expect(silent(JSON.parse(definitionText(name)).States)).toEqual([]);
  });

  test('an execution that is refused or fails has the build’s reason as its cause', async () => {
    const endBuild = { image: 'web', buildId: 'b1', state: 'refused', reason: 'resolve: nothing is no-such-package' };
    const { outcome } = await run({
      'plan-build': proceed,
      'resolve-image': { outcome: 'refused' },
      'end-build': endBuild,
    });
    expect(outcome).toMatchObject({ kind: 'failed', cause: expect.stringContaining(endBuild.reason) });
  });

  test('has a handler for each name that it wants substituted', () => {
    const folders = readdirSync(new URL('../../../lambdas', import.meta.url));
    for (const name of substitutionNames(definitionText('build-image'))) expect(folders).toContain(handlerName(name));
  });

  test('every task has a timeout, and none retries what is not transient', () => {
    const { States } = JSON.parse(definitionText('build-image'));
    for (const [name, state] of Object.entries<{
      Type: string;
      TimeoutSeconds: number;
      Retry: { ErrorEquals: string[] }[];
    }>(States)) {
      if (state.Type !== 'Task') continue;
      expect(state.TimeoutSeconds, name).toBeGreaterThan(0);
      const retried = state.Retry.flatMap((it) => it.ErrorEquals);
      expect(retried, name).not.toContain('States.ALL');
    }
  });

  test('bakes on a parent where the spec asks for it, and takes it through the same steps', async () => {
    const onParent = { 'plan-build': proceed, 'resolve-image': { outcome: 'succeeded', bake: 'image-builder' } };
    const { outcome, called } = await run({ ...onParent, 'judge-image': { outcome: 'succeeded', calls: [] } });
    expect(outcome.kind).toBe('succeeded');
    expect(called.slice(1, 5)).toEqual(['resolve-image', 'bake-from-parent', 'validate-image', 'register-image']);
    const refused = await run({ ...onParent, 'bake-from-parent': { outcome: 'refused' } });
    expect(refused.called.slice(-2)).toEqual(['bake-from-parent', 'end-build']);
  });

  test('takes a build through all steps and does each call of the distribution plan', async () => {
    const plan = ['eu-west-1 copy 0', 'local share 0'];
    const { outcome, calls, called } = await run({
      'plan-build': proceed,
      'judge-image': { outcome: 'succeeded', calls: plan },
    });
    expect(outcome.kind).toBe('succeeded');
    expect(called).toEqual([
      'plan-build',
      'resolve-image',
      'bake-image',
      'validate-image',
      'register-image',
      'test-image',
      'judge-image',
      'share-image',
      'share-image',
      'publish-image',
    ]);
    expect(calls[2]?.event).toEqual({ image: 'web', buildId: 'b1' });
    expect(calls.filter((it) => it.name === 'share-image').map((it) => it.event.call)).toEqual(plan);
  });

  test.each([
    {
      summary: 'ends when nothing changed',
      answers: { 'resolve-image': { outcome: 'unchanged' } },
      last: 'end-build',
      state: 'unchanged',
      kind: 'succeeded',
    },
    {
      summary: 'refuses what can’t be resolved',
      answers: { 'resolve-image': { outcome: 'refused' } },
      last: 'end-build',
      state: 'refused',
      kind: 'failed',
    },
    {
      summary: 'refuses what is not valid',
      answers: { 'validate-image': { outcome: 'refused' } },
      last: 'end-build',
      state: 'refused',
      kind: 'failed',
    },
    {
      summary: 'refuses what fails its tests',
      answers: { 'test-image': { outcome: 'refused' } },
      last: 'end-build',
      state: 'refused',
      kind: 'failed',
    },
    {
      summary: 'records a fault',
      answers: { 'bake-image': new KilnError('CONFIGURE_FAILED', 'postinst of web failed') },
      last: 'end-build',
      state: 'failed',
      kind: 'failed',
    },
  ])('$summary', async ({ answers, last, state, kind }) => {
    const { outcome, calls, called } = await run({
      'plan-build': proceed,
      'judge-image': { outcome: 'succeeded', calls: [] },
      ...answers,
    });
    expect(called.at(-1)).toBe(last);
    expect(calls.at(-1)?.event).toMatchObject({ image: 'web', buildId: 'b1', executionId: 'x1', state });
    expect(outcome.kind).toBe(kind);
    expect(called).not.toContain('publish-image');
  });

  test('hands the fault on by its code', async () => {
    const { calls } = await run({
      'plan-build': proceed,
      'bake-image': new KilnError('CONFIGURE_FAILED', 'postinst of web failed'),
    });
    expect(calls.at(-1)?.event.fault).toMatchObject({ Error: 'CONFIGURE_FAILED', Cause: 'postinst of web failed' });
  });

  test('joins an execution that waits already', async () => {
    const { outcome, called } = await run({ 'plan-build': { ...proceed, decision: 'joined' } });
    expect(outcome.kind).toBe('succeeded');
    expect(called).toEqual(['plan-build']);
  });

  test('waits for another build and asks again with its own build id', async () => {
    let asked = 0;
    const plan = () => ({ ...proceed, waitSeconds: 1, decision: asked++ === 0 ? 'wait' : 'joined' });
    const { calls } = await run({ 'plan-build': plan });
    expect(calls[1]?.event.request).toMatchObject({ image: 'web', buildId: 'b1' });
  });
});
