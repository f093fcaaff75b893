import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { EventBridgeClient, ListEventBusesCommand } from '@aws-sdk/client-eventbridge';
import { DescribeKeyCommand, KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { ListQueuesCommand } from '@aws-sdk/client-sqs';
import { afterAll, expect, test } from 'vitest';
import { deployAll, destroyAll } from '../support/emulator/deploy.ts';
import { sqs, stackOutputs } from '../support/emulator/deployed-kiln.ts';
import { onEmulator } from '../support/emulator/emulator.ts';

// Among what `npm run test:aws:faults` runs: all stacks are deployed, and destroyed again.
onEmulator('cdk destroy', (emulator) => {
  const assembly = mkdtempSync(join(tmpdir(), 'kiln-destroyed-'));
  afterAll(() => rmSync(assembly, { recursive: true, force: true }));
  const stacks = async () => {
    const { Stacks } = await new CloudFormationClient({}).send(new DescribeStacksCommand({}));
    return (Stacks ?? []).map((it) => it.StackName ?? '').sort();
  };
  let outputs: Record<string, string> = {};
  const data = () => ({ Bucket: outputs.BucketName, Key: 'artifacts/kept' });

  test('of a deployment in use stops at what holds its data; all else is gone', async () => {
    await deployAll(emulator(), assembly);
    outputs = await stackOutputs();
    await new S3Client({}).send(new PutObjectCommand({ ...data(), Body: 'data' }));
    await expect(destroyAll(emulator(), assembly)).rejects.toThrow(/kiln-storage[\s\S]*protect/i);
    expect(await stacks()).toEqual(['CDKToolkit', 'kiln-storage']);
    expect(await whatRuns()).toEqual([]);
  }, 900_000);

  test('with its protection turned off the last stack goes, and its table, bucket and keys stay with all that is in them', async () => {
    const StackName = 'kiln-storage';
    await new CloudFormationClient({}).send(
      new UpdateTerminationProtectionCommand({ StackName, EnableTerminationProtection: false }),
    );
    await destroyAll(emulator(), assembly);
    expect(await stacks()).toEqual(['CDKToolkit']);
    const { Body } = await new S3Client({}).send(new GetObjectCommand(data()));
    expect(await Body?.transformToString()).toBe('data');
    const { Table } = await new DynamoDBClient({}).send(
      new DescribeTableCommand({ TableName: outputs.CatalogTableName }),
    );
    expect(Table?.TableStatus).toBe('ACTIVE');
    expect(await usableKeys()).toBe(2);
  }, 900_000);
});

/** Names of what a deployment has besides what holds data. */
async function whatRuns(): Promise<string[]> {
  const { Functions = [] } = await new LambdaClient({}).send(new ListFunctionsCommand({}));
  const { stateMachines = [] } = await new SFNClient({}).send(new ListStateMachinesCommand({}));
  const { QueueUrls = [] } = await sqs().send(new ListQueuesCommand({}));
  const { Topics = [] } = await new SNSClient({}).send(new ListTopicsCommand({}));
  const { EventBuses = [] } = await new EventBridgeClient({}).send(new ListEventBusesCommand({}));
  const { Vpcs = [] } = await new EC2Client({}).send(new DescribeVpcsCommand({}));
  return [
    ...Functions.map((it) => `function ${it.FunctionName}`),
    ...stateMachines.map((it) => `machine ${it.name}`),
    ...QueueUrls.map((it) => `queue ${it}`),
    ...Topics.map((it) => `topic ${it.TopicArn}`),
    ...EventBuses.filter((it) => it.Name !== 'default').map((it) => `bus ${it.Name}`),
    ...Vpcs.filter((it) => !it.IsDefault).map((it) => `network ${it.VpcId}`),
  ];
}

/** Keys of Kiln's own that are not to be deleted. */
async function usableKeys(): Promise<number> {
  const kms = new KMSClient({});
  const { Keys = [] } = await kms.send(new ListKeysCommand({}));
  const described = await Promise.all(Keys.map(({ KeyId }) => kms.send(new DescribeKeyCommand({ KeyId }))));
  return described.filter(({ KeyMetadata: it }) => it?.KeyManager === 'CUSTOMER' && it.KeyState === 'Enabled').length;
}
