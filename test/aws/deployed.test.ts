import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeImagesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DescribeExecutionCommand, ListExecutionsCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dynamoCatalog } from '../../src/adapters/aws/dynamo-catalog.ts';
import type { Catalog } from '../../src/ports/catalog.ts';
import { makeArchive } from '../support/archive.ts';
import { connectBuckets } from '../support/emulator/bucket-events.ts';
import { type Deployment, deployAll } from '../support/emulator/deploy.ts';
import type { Route } from '../support/emulator/door.ts';
import { type Emulator, onEmulator } from '../support/emulator/emulator.ts';
import { type Polling, pollEventSources } from '../support/emulator/event-sources.ts';
import { deployedFunctions, type Functions } from '../support/emulator/lambda-functions.ts';
import { activateStateMachines } from '../support/emulator/state-machines.ts';
import { zippedBytes } from '../support/emulator/zipped-bytes.ts';

let functions: Functions | undefined;
const invocations: Route = async (call, forward) => functions?.route(call, forward);
const MEBIBYTE = 1 << 20;

onEmulator(
  'deployed to the emulator',
  (emulator: () => Emulator) => {
    const scratch = mkdtempSync(join(tmpdir(), 'kiln-deployed-'));
    let deployment: Deployment;
    let outputs: Record<string, string>;
    let catalog: Catalog;
    let polling: Polling;
    const sfn = () => new SFNClient({});

    beforeAll(async () => {
      functions = deployedFunctions(() => emulator().environment);
      deployment = await deployAll(emulator(), join(scratch, 'assembly'));
      await activateStateMachines(emulator().endpoint);
      await connectBuckets();
      outputs = await stackOutputs();
      catalog = dynamoCatalog({ table: outputs.CatalogTableName ?? '', client: new DynamoDBClient({}) });
      await putAptConfiguration(outputs.BucketName ?? '', join(scratch, 'archive'));
      polling = pollEventSources(functions);
    }, 600_000);
    afterAll(async () => {
      await polling?.stop();
      functions?.stop();
      rmSync(scratch, { recursive: true, force: true });
    });

    test('every function’s archive is small and has no part of the CDK', () => {
      const assets = readdirSync(deployment.assembly).map((it) => join(deployment.assembly, it));
      const bundles = assets.filter((it) => statSync(it).isDirectory() && readdirSync(it).includes('index.mjs'));
      expect(bundles.length).toBeGreaterThan(10);
      for (const bundle of bundles) {
        expect(zippedBytes(bundle)).toBeLessThan(5 * MEBIBYTE);
        expect(readFileSync(join(bundle, 'index.mjs'), 'utf8')).not.toContain('aws-cdk-lib');
      }
    });

    test('a spec put in the bucket starts its build; what can’t be had ends refused and is recorded so', async () => {
      await putSpec(outputs.BucketName ?? '', 'broken', 'no-such-package');
      const build = await ended({ catalog, polling }, 'broken', 1);
      expect([build.state, build.detail]).toEqual(['refused', expect.stringContaining('no-such-package')]);
      expect(build.steps.map((it) => [it.step, it.outcome])).toEqual([['resolve', 'refused']]);
      expect(await outcomes(outputs.BuildImageMachineArn ?? '')).toEqual(['FAILED REFUSED']);
      expect((await new EC2Client({}).send(new DescribeImagesCommand({ Owners: ['self'] }))).Images).toEqual([]);
    }, 180_000);

    test('an event on the bus starts one, and an execution started by hand needs the image’s name alone', async () => {
      const Detail = JSON.stringify({ image: 'broken', cause: { kind: 'advisory', detail: 'DSA-1' } });
      const entry = { EventBusName: 'kiln', Source: 'test', DetailType: 'kiln.build.requested', Detail };
      await new EventBridgeClient({}).send(new PutEventsCommand({ Entries: [entry] }));
      expect((await ended({ catalog, polling }, 'broken', 2)).cause).toEqual({ kind: 'advisory', detail: 'DSA-1' });
      const input = JSON.stringify({ image: 'broken' });
      const stateMachineArn = outputs.BuildImageMachineArn;
      await sfn().send(new StartExecutionCommand({ stateMachineArn, name: 'by-hand', input }));
      expect(await ended({ catalog, polling }, 'broken', 3)).toMatchObject({
        state: 'refused',
        cause: { kind: 'request' },
      });
      expect(await catalog.acquireLease('broken', 'anybody')).toEqual({ kind: 'acquired' });
    }, 180_000);
  },
  [invocations],
);

async function stackOutputs(): Promise<Record<string, string>> {
  const { Stacks } = await new CloudFormationClient({}).send(new DescribeStacksCommand({}));
  const all = (Stacks ?? []).flatMap((it) => it.Outputs ?? []);
  return Object.fromEntries(all.map((it) => [it.OutputKey ?? '', it.OutputValue ?? '']));
}

/** How each execution ended, once all have. */
async function outcomes(stateMachineArn: string): Promise<string[]> {
  const sfn = new SFNClient({});
  for (let tried = 0; tried < 100; tried += 1) {
    const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn }));
    const all = executions.map(({ executionArn }) => sfn.send(new DescribeExecutionCommand({ executionArn })));
    const described = await Promise.all(all);
    if (described.every((it) => it.status !== 'RUNNING')) return described.map((it) => `${it.status} ${it.error}`);
    await sleep(200);
  }
  throw new Error('an execution does not end');
}

/** A signed archive of one package as the only apt source. */
async function putAptConfiguration(bucket: string, folder: string): Promise<void> {
  const archive = await makeArchive(folder, { packages: [{ name: 'app' }] });
  const line = `deb [signed-by=/usr/share/keyrings/test.asc] ${archive.uri} bookworm main\n`;
  await put(bucket, 'settings/apt/etc/apt/sources.list', line);
  await put(bucket, 'settings/apt/usr/share/keyrings/test.asc', archive.key.toPublic().armor());
}

function putSpec(bucket: string, name: string, packageName: string): Promise<void> {
  const spec = `name: ${name}\napplication:\n  packages: [${packageName}]\n  run: { unit: app.service }\n`;
  return put(bucket, `settings/images/${name}/image.yaml`, spec);
}

async function put(Bucket: string, Key: string, Body: string): Promise<void> {
  await new S3Client({}).send(new PutObjectCommand({ Bucket, Key, Body }));
}

interface Running {
  readonly catalog: Catalog;
  readonly polling: Polling;
}

/** The newest build of an image, once it has so many and the newest has ended. */
async function ended({ catalog, polling }: Running, image: string, count: number) {
  for (let tried = 0; tried < 200 && polling.failure() === undefined; tried += 1) {
    const builds = await catalog.listBuilds({ image });
    if (builds.length === count && builds[0]?.endedAt !== undefined) return builds[0];
    await sleep(500);
  }
  const said = `${polling.failure() ?? ''}\n${functions?.log().slice(-4000)}`;
  throw new Error(`${image} has no ended build number ${count}; the functions said: ${said}`);
}
