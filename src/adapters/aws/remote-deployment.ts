import { randomUUID } from 'node:crypto';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  RedriveExecutionCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import type { Build } from '../../model/build.ts';
import { deploymentParameter } from '../../model/deployment.ts';
import { KilnError } from '../../model/error.ts';
import { errorName, withFaults } from './aws-fault.ts';
import { RETRIES } from './aws-ports.ts';
import { putFile } from './s3-folder.ts';

/** A deployed Kiln as far as somebody outside works with it. Where it is the AWS configuration of the person says, as for every AWS tool. */
export interface RemoteDeployment {
  readonly name: string;
  /** Environment variables that its functions have. */
  readonly variables: Readonly<Record<string, string>>;
  /** Asks for a build; the same key asks once. */
  request(image: string, reason: string): Promise<void>;
  /** Asks for builds of all known images, some at a time; gives the execution's name. */
  requestAll(reason: string): Promise<string>;
  /** Gives somebody's approval, or refusal, to a build that waits for it. Throws REFUSED where the state machine does not wait any more. */
  answerApproval(token: string, output: unknown): Promise<void>;
  /** Puts a file of a spec's folder, which makes its image known and builds it. */
  putSpecFile(image: string, below: string, path: string): Promise<void>;
  /** Executions that run now. */
  runningExecutions(): Promise<{ name: string; startedAt: string }[]>;
  /** Events that could not be handled and wait in the dead-letter queue. */
  deadLetters(): Promise<number>;
  /** Lines that the functions and the baker wrote about a build, oldest first. */
  logs(build: Build): Promise<LogLine[]>;
  /** Goes on with an execution that was stopped or timed out where it was; one whose failure was recorded is started anew. */
  redrive(build: Build): Promise<'redriven' | 'started anew'>;
}

export interface LogLine {
  readonly at: string;
  /** Last part of the log group: `plan-build`. */
  readonly from: string;
  readonly text: string;
}

/** Finds a deployment by the first part of its names. Throws NOT_FOUND where this account and region have none. */
export async function openDeployment(name: string): Promise<RemoteDeployment> {
  const variables = await variablesOf(name);
  const client = withFaults(new SFNClient(RETRIES));
  const machine = variables.KILN_MACHINE ?? '';
  return {
    name,
    variables,
    request: (image, reason) => request(variables.KILN_BUS ?? name, image, reason),
    async requestAll(reason) {
      const name = `by-hand-${randomUUID()}`;
      const input = JSON.stringify({ all: true, cause: { kind: 'request', detail: reason } });
      await client.send(new StartExecutionCommand({ stateMachineArn: variables.KILN_FLEET, name, input }));
      return name;
    },
    answerApproval: (token, output) => answerApproval(client, token, output),
    async putSpecFile(image, below, path) {
      const place = {
        bucket: variables.KILN_BUCKET ?? '',
        client: withFaults(new S3Client(RETRIES)),
        prefix: 'settings/',
      };
      await putFile(place, `images/${image}/${below}`, path);
    },
    async runningExecutions() {
      const listed = await client.send(
        new ListExecutionsCommand({ stateMachineArn: machine, statusFilter: 'RUNNING' }),
      );
      const all = listed.executions ?? [];
      return all.map((it) => ({ name: it.name ?? '', startedAt: (it.startDate ?? new Date(0)).toISOString() }));
    },
    deadLetters: () => deadLetters(name),
    logs: (build) => logsOf(name, build),
    redrive: (build) => redrive(client, machine, build),
  };
}

async function answerApproval(client: SFNClient, taskToken: string, output: unknown): Promise<void> {
  try {
    await client.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(output) }));
  } catch (error) {
    if (!['TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken'].includes(errorName(error))) throw error;
    throw new KilnError('REFUSED', 'the build does not wait for approval any more', {
      hint: 'kiln remote builds shows how it ended',
    });
  }
}

async function variablesOf(name: string): Promise<Record<string, string>> {
  const Name = deploymentParameter(name);
  const client = withFaults(new SSMClient(RETRIES));
  try {
    return JSON.parse((await client.send(new GetParameterCommand({ Name }))).Parameter?.Value ?? '{}');
  } catch (error) {
    if (errorName(error) !== 'ParameterNotFound') throw error;
    const where = await client.config.region();
    const hint =
      'choose account and region by AWS_PROFILE and AWS_REGION, the deployment by --deployment; docs/aws.md says how to deploy';
    throw new KilnError('NOT_FOUND', `no deployment ${name} in ${where}: there is no parameter ${Name}`, { hint });
  }
}

async function request(bus: string, image: string, reason: string): Promise<void> {
  const client = withFaults(new EventBridgeClient(RETRIES));
  const Detail = JSON.stringify({ image, cause: { kind: 'request', detail: reason } });
  const entry = { EventBusName: bus, Source: 'kiln.cli', DetailType: 'kiln.build.requested', Detail };
  const { FailedEntryCount, Entries } = await client.send(new PutEventsCommand({ Entries: [entry] }));
  if (!FailedEntryCount) return;
  throw new KilnError(
    'DEPENDENCY_UNAVAILABLE',
    `the bus ${bus} did not take the request: ${Entries?.[0]?.ErrorMessage}`,
    {
      hint: 'try again in a minute',
    },
  );
}

async function deadLetters(name: string): Promise<number> {
  const sqs = withFaults(new SQSClient({ ...RETRIES, useQueueUrlAsEndpoint: false }));
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: `${name}-requests-dead` }));
  const AttributeNames = ['ApproximateNumberOfMessages' as const];
  const answer = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
  return Number(answer.Attributes?.ApproximateNumberOfMessages ?? 0);
}

/** Functions that a build goes through, in their order, as their log groups are called. */
const STEPS = ['plan-build', 'resolve-image', 'bake-from-parent', 'validate-image', 'register-image', 'test-image'];
const LATER_STEPS = ['judge-image', 'ask-approval', 'share-image', 'publish-image', 'end-build'];
const A_DAY_MS = 24 * 3_600_000;

async function logsOf(name: string, build: Build): Promise<LogLine[]> {
  const client = withFaults(new CloudWatchLogsClient(RETRIES));
  const startTime = Date.parse(build.requestedAt);
  const endTime = build.endedAt ? Date.parse(build.endedAt) + 60_000 : startTime + A_DAY_MS;
  const groups = [...STEPS, ...LATER_STEPS].map((it) => ({ group: `/aws/lambda/${name}-${it}`, from: it }));
  groups.push({ group: `/aws/codebuild/${name}-bake-image`, from: 'bake-image' });
  const found = await Promise.all(
    groups.map(({ group, from }) => linesOf(client, { group, from, text: build.id, startTime, endTime })),
  );
  return found.flat().sort((a, b) => (a.at < b.at ? -1 : 1));
}

interface Wanted {
  readonly group: string;
  readonly from: string;
  readonly text: string;
  readonly startTime: number;
  readonly endTime: number;
}

async function linesOf(
  client: CloudWatchLogsClient,
  { group, from, text, startTime, endTime }: Wanted,
): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  let nextToken: string | undefined;
  try {
    do {
      const range = { logGroupName: group, startTime, endTime, nextToken };
      const page = await client.send(new FilterLogEventsCommand({ ...range, filterPattern: `"${text}"` }));
      for (const it of page.events ?? []) {
        lines.push({ at: new Date(it.timestamp ?? 0).toISOString(), from, text: (it.message ?? '').trimEnd() });
      }
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
  } catch (error) {
    // A function that never ran has no log yet.
    if (errorName(error) !== 'ResourceNotFoundException') throw error;
  }
  return lines;
}

/** What the machine's own end states are called: their failure is in the record, and going on would only end there again. */
const RECORDED = ['REFUSED', 'FAILED'];

async function redrive(client: SFNClient, machine: string, build: Build): Promise<'redriven' | 'started anew'> {
  const executionArn = build.execution ?? '';
  const { status, error } = await client.send(new DescribeExecutionCommand({ executionArn }));
  if (status === 'RUNNING' || status === 'PENDING_REDRIVE' || status === 'SUCCEEDED') {
    throw new KilnError('REFUSED', `build ${build.id} is ${status === 'SUCCEEDED' ? 'done' : 'running'}`, {
      hint: 'ask for another one: kiln remote build IMAGE',
    });
  }
  if (!(status === 'FAILED' && RECORDED.includes(error ?? ''))) {
    await client.send(new RedriveExecutionCommand({ executionArn, clientToken: build.id }));
    return 'redriven';
  }
  const cause = { kind: build.cause.kind, detail: `again: ${build.id}` };
  const input = JSON.stringify({ image: build.image, cause, options: { force: true } });
  const name = `${build.image.slice(0, 40)}-again-${build.id.slice(-13)}`;
  try {
    await client.send(new StartExecutionCommand({ stateMachineArn: machine, name, input }));
  } catch (failed) {
    if (errorName(failed) !== 'ExecutionAlreadyExists') throw failed;
    throw new KilnError('REFUSED', `build ${build.id} was started anew before`, { hint: 'see: kiln remote builds' });
  }
  return 'started anew';
}
