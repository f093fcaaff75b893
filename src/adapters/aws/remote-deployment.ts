import { randomUUID } from 'node:crypto';
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
import { buildLogs, type LogLine } from './build-logs.ts';
import { putFile } from './s3-folder.ts';

/** A deployed Kiln as far as somebody outside works with it. Where it is the AWS configuration of the person says, as for every AWS tool. */
export interface RemoteDeployment {
  readonly name: string;
  /** Environment variables that its functions have. */
  readonly variables: Readonly<Record<string, string>>;
  /** Asks for a build; `force`: also where nothing changed. */
  request(image: string, reason: string, force?: boolean): Promise<void>;
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
  /** Goes on with an execution that was stopped or timed out where it was, once `ready` has been asked; one whose failure was recorded is started anew. */
  redrive(build: Build, ready?: () => Promise<void>): Promise<'redriven' | 'started anew'>;
}

/** Finds a deployment by the first part of its names. Throws NOT_FOUND where this account and region have none. */
export async function openDeployment(name: string): Promise<RemoteDeployment> {
  const variables = await variablesOf(name);
  const client = withFaults(new SFNClient(RETRIES));
  const machine = variables.KILN_MACHINE ?? '';
  return {
    name,
    variables,
    request: (image, reason, force = false) =>
      request(variables.KILN_BUS ?? name, { image, cause: { kind: 'request', detail: reason }, force }),
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
    logs: (build) => buildLogs(name, build),
    redrive: (build, ready) => redrive(client, machine, build, ready),
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

async function request(bus: string, detail: object): Promise<void> {
  const client = withFaults(new EventBridgeClient(RETRIES));
  const Detail = JSON.stringify(detail);
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

/** What the machine's own end states are called: their failure is in the record, and going on would only end there again. */
const RECORDED = ['REFUSED', 'FAILED'];

async function redrive(
  client: SFNClient,
  machine: string,
  build: Build,
  ready?: () => Promise<void>,
): Promise<'redriven' | 'started anew'> {
  const executionArn = build.execution ?? '';
  const { status, error } = await client.send(new DescribeExecutionCommand({ executionArn }));
  if (status === 'RUNNING' || status === 'PENDING_REDRIVE' || status === 'SUCCEEDED') {
    throw new KilnError('REFUSED', `build ${build.id} is ${status === 'SUCCEEDED' ? 'done' : 'running'}`, {
      hint: 'ask for another one: kiln remote build IMAGE',
    });
  }
  if (!(status === 'FAILED' && RECORDED.includes(error ?? ''))) {
    await ready?.();
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
