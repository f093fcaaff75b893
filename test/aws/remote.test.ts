import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import {
  CreateStateMachineCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dynamoCatalog } from '../../src/adapters/aws/dynamo-catalog.ts';
import { buildRemotely } from '../../src/cli/remote/build-remotely.ts';
import type { Build } from '../../src/model/build.ts';
import type { Catalog } from '../../src/ports/catalog.ts';
import type { Answer as HttpAnswer, Route } from '../support/emulator/door.ts';
import { onEmulator } from '../support/emulator/emulator.ts';
import { catalogTable } from '../support/emulator/resources.ts';
import { invocation, remoteCommand } from '../support/remote-command.ts';

const MACHINE = 'arn:aws:states:eu-west-1:123456789012:stateMachine:kiln-build-image';
const QUEUES = 'arn:aws:sqs:eu-west-1:123456789012:';

/** The emulator's Step Functions knows no redrive, and without its interpreter no execution fails: those that were asked for. */
const redriven: string[] = [];
const executions: Route = async (call): Promise<HttpAnswer | undefined> => {
  if (call.service !== 'states') return undefined;
  const { executionArn = '' } = JSON.parse(call.body.toString());
  const json = (value: object) => {
    const body = Buffer.from(JSON.stringify(value));
    return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body };
  };
  if (call.operation === 'RedriveExecution') {
    redriven.push(executionArn);
    return json({ redriveDate: 0 });
  }
  if (call.operation !== 'DescribeExecution' || !executionArn.endsWith(':refused')) return undefined;
  return json({ executionArn, status: 'FAILED', error: 'REFUSED' });
};

onEmulator('kiln remote', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'kiln-remote-'));
  const sfn = () => new SFNClient({});
  let catalog: Catalog;
  let deployed: Record<string, string>;
  const before = { ...process.env };

  beforeAll(async () => {
    const client = new DynamoDBClient({});
    await client.send(new CreateTableCommand(catalogTable('catalog')));
    catalog = dynamoCatalog({ table: 'catalog', client });
    const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' as const };
    await new S3Client({}).send(new CreateBucketCommand({ Bucket: 'kiln-remote', CreateBucketConfiguration }));
    await new EventBridgeClient({}).send(new CreateEventBusCommand({ Name: 'kiln' }));
    for (const QueueName of ['kiln-requests', 'kiln-requests-dead'])
      await sqs().send(new CreateQueueCommand({ QueueName }));
    await routeRequests();
    const definition = JSON.stringify({ StartAt: 'Wait', States: { Wait: { Type: 'Wait', Seconds: 60, End: true } } });
    const roleArn = 'arn:aws:iam::123456789012:role/kiln';
    await sfn().send(new CreateStateMachineCommand({ name: 'kiln-build-image', definition, roleArn }));
    deployed = {
      KILN_TABLE: 'catalog',
      KILN_BUCKET: 'kiln-remote',
      KILN_BUS: 'kiln',
      KILN_MACHINE: MACHINE,
      KILN_TEST_SUBNET: 'subnet-1',
      KILN_TEST_SECURITY_GROUP: 'sg-1',
      KILN_TEST_INSTANCE_TYPE: 't3.small',
      KILN_PROBER: 'prober',
      KILN_SCRATCH: join(scratch, 'scratch'),
    };
    const parameter = { Name: '/kiln/deployment', Value: JSON.stringify(deployed), Type: 'String' as const };
    await new SSMClient({}).send(new PutParameterCommand(parameter));
    await catalog.putImage({
      name: 'web',
      spec: 'settings/images/web/image.yaml',
      addedAt: '2026-01-01T00:00:00.000Z',
    });
  });
  afterAll(() => {
    for (const name of Object.keys(process.env)) if (name.startsWith('KILN_')) delete process.env[name];
    Object.assign(process.env, before);
    rmSync(scratch, { recursive: true, force: true });
  });

  const remote = remoteCommand;
  const buildOf = async (id: string, execution: string, further: Partial<Build> = {}) => {
    const requestedAt = new Date().toISOString();
    const cause = { kind: 'request' as const };
    await catalog.createBuild({
      id,
      image: 'web',
      cause,
      state: 'failed',
      requestedAt,
      execution,
      steps: [],
      ...further,
    });
  };
  const holder = async (image: string) => {
    const answer = await catalog.acquireLease(image, 'nobody');
    return answer.kind === 'held' ? answer.by : 'nobody';
  };
  const startExecution = async (name: string, cause?: string) => {
    const { executionArn = '' } = await sfn().send(
      new StartExecutionCommand({ stateMachineArn: MACHINE, name, input: '{}' }),
    );
    if (cause !== undefined) await sfn().send(new StopExecutionCommand({ executionArn, error: cause, cause: 'test' }));
    return executionArn;
  };

  test('status tells what runs, how each image stands, and what could not be handled', async () => {
    await buildOf('web-1', 'none', { detail: 'bake: no space' });
    await sqs().send(new SendMessageCommand({ QueueUrl: urlOf('kiln-requests-dead'), MessageBody: '{}' }));
    const { lines, data } = await remote('status');
    expect(lines[0]).toBe('kiln: 1 image, 0 executions run, 1 event could not be handled');
    expect(lines.at(-2)).toMatch(/^web +none +0 +web-1 +failed +bake: no space/);
    expect(lines.at(-1)).toContain('docs/aws.md');
    expect(data).toMatchObject({ deadLetters: 1, images: [{ name: 'web', accounts: 0, state: 'failed' }] });
    const steps = [{ step: 'bake', startedAt: new Date().toISOString(), outcome: 'running' as const }];
    await buildOf('web-0', await startExecution('ended', 'Operator'), { state: 'running', steps });
    expect((await remote('status')).lines).toContainEqual(
      expect.stringMatching(/^web +none +0 +web-0 +stopped +bake: kiln remote redrive web-0 goes on/),
    );
    await catalog.updateBuild('web-0', { state: 'failed' });
  });

  test('builds are those of the deployment’s catalog, with the options of the local command', async () => {
    const { data, lines } = await remote('builds', 'web', '--limit', '1');
    expect(data).toMatchObject([{ image: 'web' }]);
    expect(lines).toHaveLength(2);
    await expect(remote('builds', '--limit', 'many')).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('a build that is asked for reaches the queue by the bus', async () => {
    await remote('build', 'web');
    const { Messages } = await sqs().send(new ReceiveMessageCommand({ QueueUrl: urlOf('kiln-requests') }));
    expect(JSON.parse(Messages?.[0]?.Body ?? '{}')).toMatchObject({
      'detail-type': 'kiln.build.requested',
      detail: { image: 'web', cause: { kind: 'request' } },
    });
    await expect(remote('build', 'unknown')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await remote('build', 'web', '--force');
    const again = await sqs().send(new ReceiveMessageCommand({ QueueUrl: urlOf('kiln-requests') }));
    expect(JSON.parse(again.Messages?.[0]?.Body ?? '{}')).toMatchObject({ detail: { image: 'web', force: true } });
  });

  test.each([
    { words: 'status --bogus', says: 'unknown option --bogus' },
    { words: 'status of web', says: 'too many arguments' },
    { words: 'logs', says: 'missing required argument build' },
    { words: 'redrive web-1 --force', says: 'unknown option --force' },
    { words: 'build --remote', says: 'unknown option --remote' },
    { words: 'build', says: 'no image is named' },
    { words: 'build web --all', says: 'either one image or all' },
    { words: 'refuse web-1', says: 'no reason is given' },
    { words: '', says: 'no command is named' },
  ])('a line that cannot be meant is refused: remote $words', async ({ words, says }) => {
    const called = remote(...words.split(' ').filter((it) => it !== ''));
    await expect(called).rejects.toMatchObject({ code: 'USAGE', message: expect.stringContaining(says) });
  });

  test('kiln build --remote puts a path there, and asks for what is known there', async () => {
    const options = { remote: true, deployment: 'kiln' };
    const build = (spec: string, further = {}) => buildRemotely(invocation([spec], { ...options, ...further }));
    expect((await build('web')).data).toEqual({ image: 'web', requested: true });
    writeFileSync(
      join(scratch, 'image.yaml'),
      'name: path\napplication:\n  packages: [nginx]\n  run: { unit: nginx.service }\n',
    );
    expect((await build(join(scratch, 'image.yaml'))).data).toMatchObject({ image: 'path' });
    await expect(build('nothing')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(build('web', { locked: true })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(build(scratch, { force: true })).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('a spec is put there with its files, the spec last', async () => {
    writeFileSync(
      join(scratch, 'image.yaml'),
      'name: own\napplication:\n  packages: [nginx]\n  run: { unit: nginx.service }\n',
    );
    writeFileSync(join(scratch, 'page.html'), 'hello');
    await remote('add', scratch);
    const { Contents } = await new S3Client({}).send(
      new ListObjectsV2Command({ Bucket: 'kiln-remote', Prefix: 'settings/' }),
    );
    const keys = Contents?.map((it) => it.Key).filter((it) => it?.includes('/own/'));
    expect(keys).toEqual(['settings/images/own/image.yaml', 'settings/images/own/page.html']);
  });

  test('logs are the steps of a build and the lines that name it', async () => {
    const step = {
      step: 'resolve',
      startedAt: new Date().toISOString(),
      outcome: 'refused' as const,
      detail: 'no such package',
    };
    await buildOf('web-2', 'none', { steps: [step] });
    await writeLog('/aws/lambda/kiln-resolve-image', [
      '{"buildId":"web-2","message":"looking"}',
      '{"buildId":"web-3"}',
    ]);
    const { lines, data } = await remote('logs', 'web-2');
    expect(lines.join('\n')).toMatch(/resolve +refused +no such package/);
    expect((data as { logs: unknown[] }).logs).toMatchObject([
      { from: 'resolve-image', text: expect.stringContaining('looking') },
    ]);
    await expect(remote('logs', 'web-99')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('of a bake all is shown that it wrote, and what to do about a fault', async () => {
    const hint = 'make room';
    const result = { error: { code: 'NO_SPACE', hint } };
    const step = { step: 'bake', startedAt: new Date().toISOString(), outcome: 'failed' as const, result };
    await buildOf('web-7', 'none', { steps: [step] });
    await writeLog('/aws/codebuild/kiln-bake-image', ['baking web for build web-7', 'no space left'], 'mine');
    await writeLog('/aws/codebuild/kiln-bake-image', ['baking web for build web-8', 'all is well'], 'another');
    const { lines, data } = await remote('logs', 'web-7');
    expect(lines).toContain('  hint: make room');
    expect((data as { logs: { text: string }[] }).logs.map((it) => it.text)).toEqual([
      'baking web for build web-7',
      'no space left',
    ]);
  });

  test('an execution that was stopped goes on; one whose failure is recorded is started anew, once', async () => {
    await buildOf('web-4', await startExecution('stopped', 'Operator'));
    expect((await remote('redrive', 'web-4')).data).toEqual({ build: 'web-4', how: 'redriven' });
    expect(redriven).toEqual([expect.stringContaining(':stopped')]);
    await buildOf('web-6', `${MACHINE.replace(':stateMachine:', ':execution:')}:refused`);
    expect((await remote('redrive', 'web-6')).data).toEqual({ build: 'web-6', how: 'started anew' });
    await remote('redrive', 'web-6');
    const { executions: all } = await sfn().send(new ListExecutionsCommand({ stateMachineArn: MACHINE }));
    expect(all?.map((it) => it.name).filter((it) => it?.includes('-again-'))).toHaveLength(1);
    await buildOf('web-10', await startExecution('gone-on-with', 'Operator'), { state: 'succeeded' });
    await expect(remote('redrive', 'web-10')).rejects.toMatchObject({ code: 'REFUSED' });
    await buildOf('web-5', await startExecution('running'));
    await buildOf('web-9', await startExecution('stopped-too', 'Operator'));
    await catalog.takeOverLease('web', String(await holder('web')), (await catalog.getBuild('web-5'))?.execution ?? '');
    await expect(remote('redrive', 'web-9')).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('another execution builds web now: running'),
    });
    await expect(remote('redrive', 'web-5')).rejects.toMatchObject({ code: 'REFUSED' });
  });

  test('what the deployment has not is said, and so is a deployment that is not there', async () => {
    await expect(remote('frobnicate')).rejects.toMatchObject({ code: 'USAGE' });
    await expect(remote('recall', 'nothing', '--reason', 'test')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const missing = remote('status', '--deployment', 'other');
    await expect(missing).rejects.toThrow(/no deployment other in eu-west-1/);
  });

  test('a deployment of which parts are gone is told of as such', async () => {
    const gone = { KILN_TABLE: 'no-table', KILN_BUCKET: 'no-bucket', KILN_BUS: 'no-bus', KILN_MACHINE: MACHINE };
    const Value = JSON.stringify({ ...deployed, ...gone });
    await new SSMClient({}).send(new PutParameterCommand({ Name: '/gone/deployment', Value, Type: 'String' }));
    const [table, bucket] = [remote('status', '--deployment', 'gone'), remote('add', scratch, '--deployment', 'gone')];
    await expect(table).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('no-table') });
    await expect(bucket).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('no-bucket'),
    });
    Object.assign(process.env, deployed);
  });
}, [executions]);

const sqs = () => new SQSClient({ useQueueUrlAsEndpoint: false });
const urlOf = (queue: string) => `https://sqs.eu-west-1.amazonaws.com/123456789012/${queue}`;

async function routeRequests(): Promise<void> {
  const events = new EventBridgeClient({});
  const EventPattern = JSON.stringify({ 'detail-type': ['kiln.build.requested'] });
  await events.send(new PutRuleCommand({ Name: 'asked', EventBusName: 'kiln', EventPattern }));
  const Targets = [{ Id: 'queue', Arn: `${QUEUES}kiln-requests` }];
  await events.send(new PutTargetsCommand({ Rule: 'asked', EventBusName: 'kiln', Targets }));
}

async function writeLog(logGroupName: string, messages: readonly string[], logStreamName = 'one'): Promise<void> {
  const client = new CloudWatchLogsClient({});
  const place = { logGroupName, logStreamName };
  await client.send(new CreateLogGroupCommand({ logGroupName })).catch((error: Error) => {
    if (error.name !== 'ResourceAlreadyExistsException') throw error;
  });
  await client.send(new CreateLogStreamCommand(place));
  const logEvents = messages.map((message) => ({ message, timestamp: Date.now() }));
  await client.send(new PutLogEventsCommand({ ...place, logEvents }));
}
