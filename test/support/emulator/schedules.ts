import { randomUUID } from 'node:crypto';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { sqs } from './deployed-kiln.ts';
import { deployedResources } from './deployed-templates.ts';
import { deployedExports, resolvedProperties } from './intrinsics.ts';
import type { Functions } from './lambda-functions.ts';

interface Schedule {
  readonly Name: string;
  readonly ScheduleExpression: string;
  readonly ScheduleExpressionTimezone?: string;
  readonly Target: { readonly Arn: string; readonly Input: string };
}

interface TimedRule {
  readonly ScheduleExpression?: string;
  readonly Targets?: readonly { readonly Arn: string; readonly Input?: string }[];
}

/** Schedules of EventBridge Scheduler as they are deployed. */
export async function deployedSchedules(): Promise<Schedule[]> {
  const exports = await deployedExports();
  const found = await deployedResources('AWS::Scheduler::Schedule');
  return found.map((it) => resolvedProperties(it, exports) as unknown as Schedule);
}

/** Fires a schedule as its time comes: what its template says goes to its queue, with the identifier of this one firing put in. */
export async function fireSchedule(schedule: Schedule, firing: string = randomUUID()): Promise<void> {
  const { Arn, Input } = schedule.Target;
  const [region, account, queue] = Arn.split(':').slice(3);
  const QueueUrl = `https://sqs.${region}.amazonaws.com/${account}/${queue}`;
  const MessageBody = Input.replaceAll('<aws.scheduler.execution-id>', firing);
  await sqs().send(new SendMessageCommand({ QueueUrl, MessageBody }));
}

/** Fires every deployed rule that is timed: its function is called with the event that EventBridge makes of it; gives the answers. */
export async function fireTimedRules(functions: Functions): Promise<string[]> {
  const exports = await deployedExports();
  const rules = (await deployedResources('AWS::Events::Rule')).map(
    (it) => resolvedProperties(it, exports) as TimedRule,
  );
  const targets = rules.filter((it) => it.ScheduleExpression).flatMap((it) => it.Targets ?? []);
  const event = { id: randomUUID(), source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} };
  const answers = targets.map(({ Arn }) => functions.invoke(Arn.split(':').at(-1) ?? '', event));
  return (await Promise.all(answers)).map((it) => it.payload);
}
