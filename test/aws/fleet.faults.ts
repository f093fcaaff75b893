import { setTimeout as sleep } from 'node:timers/promises';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { beforeAll, expect, test } from 'vitest';
import { definitionText } from '../../src/workflow/definition.ts';
import { onEmulator } from '../support/emulator/emulator.ts';

const roleArn = 'arn:aws:iam::123456789012:role/kiln';
const IMAGES = ['good', 'bad', 'better'];

/** In place of the machine that builds: an image called `bad` ends as a refused one does. */
const BUILD = {
  StartAt: 'Is it bad?',
  States: {
    'Is it bad?': {
      Type: 'Choice',
      Choices: [{ Variable: '$.image', StringEquals: 'bad', Next: 'Refused' }],
      Default: 'Published',
    },
    Refused: { Type: 'Fail', Error: 'REFUSED', Cause: 'a policy' },
    Published: { Type: 'Succeed' },
  },
};

onEmulator('the machine of fleets', (emulator) => {
  const sfn = () => new SFNClient({});
  let build = '';

  beforeAll(async () => {
    await fetch(`${emulator().endpoint}/moto-api/config`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ stepfunctions: { execute_state_machine: true } }),
    });
    const Bucket = 'kiln-fleet';
    await new S3Client({}).send(
      new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
    );
    const definition = JSON.stringify(BUILD);
    build =
      (await sfn().send(new CreateStateMachineCommand({ name: 'build', roleArn, definition }))).stateMachineArn ?? '';
  });

  test.each([
    { summary: 'a failure that is tolerated leaves the others built', toleratedFailures: 1, want: 'SUCCEEDED' },
    { summary: 'more failures than are tolerated end it', toleratedFailures: 0, want: 'FAILED TOO_MANY_FAILED' },
  ])('$summary', async ({ toleratedFailures, want }) => {
    const fleet = `fleet-${toleratedFailures}`;
    const items = IMAGES.map((image) => ({ image, cause: { kind: 'request' }, name: `${image}-${fleet}` }));
    const list = { Bucket: 'kiln-fleet', Key: `${fleet}.json`, Body: JSON.stringify(items) };
    await new S3Client({}).send(new PutObjectCommand(list));
    const machine = JSON.parse(definitionText('build-fleet').replace('${BuildImageMachine}', build));
    const Result = { bucket: list.Bucket, list: list.Key, results: `${fleet}/results`, toleratedFailures };
    machine.States['List images'] = { Type: 'Pass', Result, Next: machine.States['List images'].Next };
    const definition = JSON.stringify(machine);
    const { stateMachineArn } = await sfn().send(new CreateStateMachineCommand({ name: fleet, roleArn, definition }));
    const started = await sfn().send(new StartExecutionCommand({ stateMachineArn, name: 'one', input: '{}' }));
    expect(await endOf(started.executionArn)).toBe(want);
    const { executions = [] } = await sfn().send(new ListExecutionsCommand({ stateMachineArn: build }));
    const mine = executions.filter((it) => it.name?.endsWith(fleet)).map((it) => `${it.name} ${it.status}`);
    expect(mine.sort()).toEqual(items.map((it) => `${it.name} ${it.image === 'bad' ? 'FAILED' : 'SUCCEEDED'}`).sort());
  });

  async function endOf(executionArn: string | undefined): Promise<string> {
    for (;;) {
      const { status, error } = await sfn().send(new DescribeExecutionCommand({ executionArn }));
      if (status !== 'RUNNING') return error === undefined ? String(status) : `${status} ${error}`;
      await sleep(200);
    }
  }
});
