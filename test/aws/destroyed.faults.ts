import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, expect, test } from 'vitest';
import { deployAll, destroyAll } from '../support/emulator/deploy.ts';
import { stackOutputs } from '../support/emulator/deployed-kiln.ts';
import { onEmulator } from '../support/emulator/emulator.ts';

// Among what `npm run test:aws:faults` runs: all stacks are deployed, and destroyed again. What a deleted stack had the emulator may leave
// behind; what is retained `test/stacks` reads in the templates.
onEmulator('cdk destroy', (emulator) => {
  const assembly = mkdtempSync(join(tmpdir(), 'kiln-destroyed-'));
  afterAll(() => rmSync(assembly, { recursive: true, force: true }));
  const stacks = async () => {
    const { Stacks } = await new CloudFormationClient({}).send(new DescribeStacksCommand({}));
    return (Stacks ?? []).map((it) => it.StackName ?? '').sort();
  };
  let outputs: Record<string, string> = {};
  const data = () => ({ Bucket: outputs.BucketName, Key: 'artifacts/kept' });

  test('of a deployment stops at the stack that holds its data; all other stacks are gone', async () => {
    await deployAll(emulator(), assembly);
    outputs = await stackOutputs();
    await new S3Client({}).send(new PutObjectCommand({ ...data(), Body: 'data' }));
    await expect(destroyAll(emulator(), assembly)).rejects.toThrow(/kiln-storage[\s\S]*protect/i);
    expect(await stacks()).toEqual(['CDKToolkit', 'kiln-storage']);
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
    expect(await keysLeft()).toBe(2);
  }, 900_000);
});

/** Keys that were not given up with a stack. */
async function keysLeft(): Promise<number> {
  return (await new KMSClient({}).send(new ListKeysCommand({}))).Keys?.length ?? 0;
}
