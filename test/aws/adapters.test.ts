import { mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateStateMachineCommand, ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { beforeEach, expect, test, vi } from 'vitest';
import { withFaults } from '../../src/adapters/aws/aws-fault.ts';
import { eventBridgeNotifier } from '../../src/adapters/aws/event-bridge-notifier.ts';
import { withAptConfiguration } from '../../src/adapters/aws/s3-apt-configuration.ts';
import { putFile } from '../../src/adapters/aws/s3-folder.ts';
import { s3SpecSource } from '../../src/adapters/aws/s3-spec-source.ts';
import { stepFunctionsExecutions } from '../../src/adapters/aws/step-functions-executions.ts';
import { aptPackageSource } from '../../src/adapters/local/apt-package-source.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { silent } from '../../src/ports/progress.ts';
import { onEmulator } from '../support/emulator/emulator.ts';

const SPEC = 'name: web\napplication:\n  packages: [nginx]\n  run: { unit: nginx.service }\n';

onEmulator('what a step needs of AWS', () => {
  const scratch = () => mkdtempSync(join(tmpdir(), 'kiln-aws-'));
  let bucket: string;
  let s3: S3Client;
  let number = 0;
  beforeEach(async () => {
    s3 = withFaults(new S3Client({}));
    number += 1;
    bucket = `kiln-test-${number}`;
    const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' as const };
    await s3.send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration }));
  });
  const put = (key: string, body: string) => s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));

  test('a spec is read from the bucket, and again when it changed', async () => {
    await put('settings/images/web/image.yaml', SPEC);
    const specs = s3SpecSource({ bucket, client: s3, folder: scratch() });
    expect((await specs.load('web')).spec.application.packages).toEqual(['nginx']);
    await put('settings/images/web/image.yaml', SPEC.replace('[nginx]', '[nginx-light]'));
    expect((await specs.load('web')).spec.application.packages).toEqual(['nginx-light']);
  });

  test('a file of the application’s own keeps its mode on the way', async () => {
    const folder = scratch();
    writeFileSync(join(folder, 'serve'), '#!/bin/sh\n', { mode: 0o755 });
    await put('settings/images/web/image.yaml', SPEC);
    await putFile({ bucket, client: s3, prefix: 'settings/' }, 'images/web/app/serve', join(folder, 'serve'));
    const { directory } = await s3SpecSource({ bucket, client: s3, folder: scratch() }).load('web');
    expect(statSync(join(directory, 'app/serve')).mode & 0o777).toBe(0o755);
  });

  test.each(['nothing', '../web', 'Web'])('image %s is not in the bucket, and that is said', async (image) => {
    const specs = s3SpecSource({ bucket, client: s3, folder: scratch() });
    await expect(specs.load(image)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('accounts and policies come from beside the images', async () => {
    await put('settings/images/web/image.yaml', SPEC);
    await put('settings/accounts.yaml', 'accounts: [{ id: "111111111111", name: one }]\n');
    await put('settings/policies/own.yaml', 'name: own\n');
    const specs = s3SpecSource({ bucket, client: s3, folder: scratch() });
    expect((await specs.accounts('web')).map((it) => it.name)).toEqual(['one']);
    expect(await specs.policyFolder('web')).toMatch(/policies$/);
  });

  test('a warm function sees the sources that were put there after it had failed for want of them', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const [cache, folder, at] = [scratch(), scratch(), Date.now()];
    const make = (aptRoot: string) => aptPackageSource({ cache, clock: systemClock, aptRoot });
    const source = withAptConfiguration({ bucket, client: s3, folder }, make);
    const asked = () => source.indexes({ release: 'bookworm', architecture: 'amd64' }, silent);
    await expect(asked()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`s3://${bucket}/settings/apt/`),
      hint: expect.stringContaining('docs/aws.md'),
    });
    await put('settings/apt/etc/apt/sources.list', 'deb http://127.0.0.1:1/debian bookworm main\n');
    vi.setSystemTime(at + 60_000);
    await expect(asked()).rejects.not.toMatchObject({ message: expect.stringContaining('no apt source') });
    vi.useRealTimers();
  });

  test('one key starts one execution, and an execution that is not known does not run', async () => {
    const client = withFaults(new SFNClient({}));
    const definition = JSON.stringify({ StartAt: 'Wait', States: { Wait: { Type: 'Wait', Seconds: 60, End: true } } });
    const roleArn = 'arn:aws:iam::123456789012:role/kiln';
    const machine = await client.send(new CreateStateMachineCommand({ name: 'build-image', definition, roleArn }));
    const machineArn = machine.stateMachineArn as string;
    const executions = stepFunctionsExecutions({ client, machineArn });
    const request = { image: 'web', cause: { kind: 'schedule' as const }, key: 'web at noon' };
    await executions.start(request);
    await executions.start(request);
    const list = await client.send(new ListExecutionsCommand({ stateMachineArn: machineArn }));
    expect(list.executions).toHaveLength(1);
    expect(await executions.isRunning(list.executions?.[0]?.executionArn ?? '')).toBe(true);
    expect(await executions.isRunning(`${machineArn.replace(':stateMachine:', ':execution:')}:other`)).toBe(false);
    expect(await executions.isRunning('local:1:2:3')).toBe(false);
  });

  test('a notice reaches whoever listens on the bus', async () => {
    const events = withFaults(new EventBridgeClient({}));
    const sqs = new SQSClient({});
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'listener' }));
    await events.send(new CreateEventBusCommand({ Name: 'kiln' }));
    const Rule = 'published';
    const EventPattern = JSON.stringify({ source: ['kiln'], 'detail-type': ['image.published'] });
    await events.send(new PutRuleCommand({ Name: Rule, EventBusName: 'kiln', EventPattern }));
    const Arn = 'arn:aws:sqs:eu-west-1:123456789012:listener';
    await events.send(new PutTargetsCommand({ Rule, EventBusName: 'kiln', Targets: [{ Id: 'queue', Arn }] }));
    const notice = { kind: 'image.published', image: 'web', subject: 'web@1 is published', detail: { version: 1 } };
    await eventBridgeNotifier({ events, bus: 'kiln', sns: new SNSClient({}) }).notify(notice);
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    expect(JSON.parse(Messages?.[0]?.Body ?? '{}').detail).toMatchObject({ image: 'web', version: 1 });
  });

  test('a bus that is not there loses the notice, not the build', async () => {
    const lost: unknown[] = [];
    const places = {
      events: new EventBridgeClient({}),
      sns: new SNSClient({}),
      bus: 'none',
      onLost: () => lost.push(1),
    };
    const topicArn = 'arn:aws:sns:eu-west-1:123456789012:none';
    await eventBridgeNotifier({ ...places, topicArn }).notify({ kind: 'k', image: 'web', subject: 's', detail: {} });
    expect(lost).not.toEqual([]);
  });
});
