import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { aliveUntil } from '../../../src/ports/executions.ts';
import { type DeployedKiln, sqs } from '../../support/emulator/deployed-kiln.ts';
import { deployedSchedules, fireSchedule, fireTimedRules } from '../../support/emulator/schedules.ts';
import { executionsOf, launchableBy, ownImages } from './aws-state.ts';
import { runByHand, until } from './by-hand.ts';
import { APPROVED } from './example.ts';

const WAITS_FOR = 120_000;

/** All that starts builds, of an image that is up to date: each ends at once, and nothing is made twice. */
export function triggers(kiln: () => DeployedKiln): void {
  const built = async () => (await kiln().catalog.listBuilds({ image: 'nginx' })).length;
  const newest = async () => (await kiln().catalog.listBuilds({ image: 'nginx', limit: 1 }))[0];
  const started = async () => (await executionsOf(kiln().outputs.BuildImageMachineArn ?? '')).length;
  const ask = (event: unknown) =>
    sqs().send(
      new SendMessageCommand({ QueueUrl: kiln().outputs.RequestsQueueUrl, MessageBody: JSON.stringify(event) }),
    );
  const requested = (id: string, cause?: unknown) => ({
    id,
    'detail-type': 'kiln.build.requested',
    detail: { image: 'nginx', ...(cause ? { cause } : {}) },
  });

  test('an event on the bus starts a build with its cause; nothing changed, so nothing is made', async () => {
    const Detail = JSON.stringify({ image: 'nginx', cause: { kind: 'advisory', detail: 'DSA-1' } });
    const entry = { EventBusName: 'kiln', Source: 'test', DetailType: 'kiln.build.requested', Detail };
    await new EventBridgeClient({}).send(new PutEventsCommand({ Entries: [entry] }));
    await kiln().settled();
    expect(await newest()).toMatchObject({ state: 'unchanged', cause: { kind: 'advisory', detail: 'DSA-1' } });
    expect(await ownImages()).toHaveLength(1);
  }, 900_000);

  test('an execution started by hand needs the image’s name alone', async () => {
    expect(await runByHand(kiln(), 'by-hand', { image: 'nginx' })).toBe('SUCCEEDED');
    expect(await newest()).toMatchObject({ state: 'unchanged', cause: { kind: 'request' } });
  }, 900_000);

  test('the same event twice, and an older one after a newer one, start one execution each', async () => {
    const before = await started();
    for (const id of ['newer', 'newer', 'older', 'newer', 'older']) await ask(requested(id));
    await kiln().settled();
    expect((await started()) - before).toBe(2);
    expect(await ownImages()).toHaveLength(1);
  }, 900_000);

  test('a burst while a build runs: one waits for it, the rest join the one that waits, and none is lost', async () => {
    const { catalog } = kiln();
    const [executions, builds] = [await started(), await built()];
    const running = aliveUntil(Date.now() + WAITS_FOR, 'a build that runs');
    await until(
      kiln(),
      'the lease is free',
      async () => (await catalog.acquireLease('nginx', running)).kind === 'acquired',
    );
    for (let number = 0; number < 8; number += 1) await ask(requested(`burst ${number}`));
    await until(kiln(), 'all but one have joined', async () => {
      const all = (await executionsOf(kiln().outputs.BuildImageMachineArn ?? '')).slice(executions);
      return all.length === 8 && all.filter((it) => it.status === 'SUCCEEDED').length === 7;
    });
    await catalog.releaseLease('nginx', running);
    await kiln().settled();
    expect((await built()) - builds).toBe(1);
    expect(await newest()).toMatchObject({ state: 'unchanged' });
  }, 900_000);

  test('a schedule fires with the payload of its deployed template, while the poller looks at the same moment', async () => {
    const [schedule, ...more] = await deployedSchedules();
    if (!schedule) throw new Error('no schedule is deployed');
    expect(more).toEqual([]);
    expect(schedule).toMatchObject({
      ScheduleExpression: 'cron(0 3 * * ? *)',
      ScheduleExpressionTimezone: 'Europe/Berlin',
    });
    const before = await started();
    await Promise.all([fireSchedule(schedule, 'f1'), fireTimedRules(kiln().functions), fireSchedule(schedule, 'f1')]);
    await kiln().settled();
    const causes = (await kiln().catalog.listBuilds({ image: 'nginx' })).map((it) => it.cause);
    expect(causes).toContainEqual({ kind: 'schedule', detail: '0 3 * * ? *' });
    expect((await started()) - before).toBeLessThanOrEqual(2);
    const [image, ...others] = await ownImages();
    expect(others).toEqual([]);
    expect(await launchableBy(image?.ImageId ?? '')).toEqual(APPROVED);
  }, 900_000);

  test('what is no event ends among the dead letters, and does not keep others from being handled', async () => {
    await ask({ nothing: 'that anybody knows' });
    await ask(requested('beside a bad one'));
    const QueueUrl = kiln().outputs.DeadLettersQueueUrl;
    await until(kiln(), 'it is a dead letter', async () => {
      const AttributeNames = ['ApproximateNumberOfMessages' as const];
      const { Attributes } = await sqs().send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
      return Attributes?.ApproximateNumberOfMessages === '1';
    });
    await kiln().settled();
    expect(await newest()).toMatchObject({ state: 'unchanged' });
  }, 900_000);
}
