import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Image } from '@aws-sdk/client-ec2';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll } from 'vitest';
import { parse, stringify } from 'yaml';
import { dynamoCatalog } from '../../../src/adapters/aws/dynamo-catalog.ts';
import { readArchives } from '../../../src/adapters/local/apt/configuration.ts';
import { imageSpec } from '../../../src/model/spec.ts';
import type { Catalog } from '../../../src/ports/catalog.ts';
import { type ArchiveProxy, openArchiveProxy } from './archive-proxy.ts';
import { connectBuckets } from './bucket-events.ts';
import { playCodeBuild } from './code-build-task.ts';
import { type CodeBuilds, codeBuilds } from './code-builds.ts';
import { type Deployment, deployAll } from './deploy.ts';
import type { Route } from './door.ts';
import { type Emulator, onEmulator } from './emulator.ts';
import { type Polling, pollEventSources } from './event-sources.ts';
import { grantedRights } from './granted-rights.ts';
import { deployedFunctions, type Functions } from './lambda-functions.ts';
import { activateStateMachines } from './state-machines.ts';
import { connectTopics } from './topics.ts';

/** A topic of a vendor's own account. */
export const VENDOR_TOPIC = 'arn:aws:sns:eu-west-1:123456789012:vendor-ami-updates';

/** What is deployed: the defaults, one image by the clock, one that somebody must approve, a vendor that is listened to. */
export const CONFIGURATION = {
  schedules: { nginx: { cron: '0 3 * * ? *', timezone: 'Europe/Berlin' } },
  approvals: ['redis'],
  vendorTopics: [VENDOR_TOPIC],
};

/** All stacks, deployed to an emulator of their own, with the machine's own package archives as the only sources. */
export interface DeployedKiln {
  readonly emulator: Emulator;
  readonly deployment: Deployment;
  readonly outputs: Readonly<Record<string, string>>;
  readonly catalog: Catalog;
  readonly functions: Functions;
  readonly bakes: CodeBuilds;
  /** Puts an object into the bucket. */
  put(key: string, body: string | Uint8Array): Promise<void>;
  /** Waits until nothing runs and nothing waits: no execution, no function, no message in a queue but among the dead letters. */
  settled(): Promise<void>;
  /** Throws what ended the poller of event sources, if it did. */
  check(): void;
  /** What functions and bakes said last. */
  said(): string;
}

export interface SuiteOptions {
  /** Asked by the front door before everything else. */
  readonly routes?: readonly Route[];
  readonly minuteMs?: () => number;
}

/** A suite on a deployment of its own. */
export function onDeployedKiln(
  name: string,
  suite: (kiln: () => DeployedKiln) => void,
  options: SuiteOptions = {},
): void {
  let functions: Functions | undefined;
  let bucket = '';
  let bakes: CodeBuilds | undefined;
  const platform: Route = async (call, forward) =>
    (bakes && ((await playCodeBuild(call, bakes)) ?? (await bakes.route(call, forward)))) ??
    functions?.route(call, forward);
  const inside = (emulator: () => Emulator) => {
    const scratch = mkdtempSync(join(tmpdir(), 'kiln-deployed-'));
    let [proxy, polling, kiln]: [ArchiveProxy?, Polling?, DeployedKiln?] = [];
    beforeAll(async () => {
      proxy = await openArchiveProxy();
      const environment = () => ({ ...emulator().environment, ...proxy?.environment });
      functions = deployedFunctions(environment);
      bakes = codeBuilds({ folder: join(scratch, 'bakes'), environment, minuteMs: options.minuteMs });
      const made = await deployed({ emulator: emulator(), functions, bakes, scratch });
      bucket = made.outputs.BucketName ?? '';
      // From here on this process, too, reaches the archives by the proxy alone.
      Object.assign(process.env, proxy.environment);
      polling = pollEventSources(functions);
      const poller = polling;
      kiln = {
        ...made,
        check() {
          if (poller.failure()) throw new Error(`the poller ended: ${poller.failure()}`);
        },
      };
    }, 600_000);
    afterAll(async () => {
      await polling?.stop();
      functions?.stop();
      bakes?.stop();
      for (const name of Object.keys(proxy?.environment ?? {})) delete process.env[name];
      proxy?.close();
      rmSync(scratch, { recursive: true, force: true });
    });
    suite(() => {
      if (!kiln) throw new Error('internal: nothing is deployed');
      kiln.check();
      return kiln;
    });
  };
  onEmulator(name, inside, [grantedRights(), ...(options.routes ?? []), platform], (image) => portsOf(bucket, image));
}

/** Those that the image's spec in the bucket names; of an image without one, that of a web server. */
async function portsOf(Bucket: string, { Tags = [] }: Image): Promise<readonly number[]> {
  const name = Tags.find((it) => it.Key === 'kiln:image')?.Value;
  const Key = `settings/images/${name}/image.yaml`;
  try {
    const { Body } = await new S3Client({}).send(new GetObjectCommand({ Bucket, Key }));
    return imageSpec.parse(parse((await Body?.transformToString()) ?? '')).application.ports;
  } catch (error) {
    if ((error as Error).name !== 'NoSuchKey') throw error;
    return [80];
  }
}

interface Parts {
  readonly emulator: Emulator;
  readonly functions: Functions;
  readonly bakes: CodeBuilds;
  readonly scratch: string;
}

async function deployed({ emulator, functions, bakes, scratch }: Parts): Promise<Omit<DeployedKiln, 'check'>> {
  const configuration = join(scratch, 'kiln.config.yaml');
  writeFileSync(configuration, stringify(CONFIGURATION));
  await new SNSClient({}).send(new CreateTopicCommand({ Name: VENDOR_TOPIC.split(':').at(-1) }));
  const deployment = await deployAll(emulator, join(scratch, 'assembly'), configuration);
  await activateStateMachines(emulator.endpoint);
  await connectBuckets();
  await connectTopics();
  const outputs = await stackOutputs();
  const catalog = dynamoCatalog({ table: outputs.CatalogTableName ?? '', client: new DynamoDBClient({}) });
  const s3 = new S3Client({});
  const put = async (Key: string, Body: string | Uint8Array) => {
    await s3.send(new PutObjectCommand({ Bucket: outputs.BucketName, Key, Body }));
  };
  const said = () => `${functions.log().slice(-6000)}\n${bakes.log().slice(-3000)}`;
  await putAptConfiguration(put);
  return {
    emulator,
    deployment,
    outputs,
    catalog,
    functions,
    bakes,
    put,
    said,
    settled: () => settled(outputs, functions, said),
  };
}

export async function stackOutputs(): Promise<Record<string, string>> {
  const { Stacks } = await new CloudFormationClient({}).send(new DescribeStacksCommand({}));
  const all = (Stacks ?? []).flatMap((it) => it.Outputs ?? []);
  return Object.fromEntries(all.map((it) => [it.OutputKey ?? '', it.OutputValue ?? '']));
}

/** This machine's own apt configuration, as docs/aws.md says to put it. */
export async function putAptConfiguration(put: DeployedKiln['put']): Promise<void> {
  const lists = readdirSync('/etc/apt/sources.list.d').map((name) => `/etc/apt/sources.list.d/${name}`);
  const trusted = readdirSync('/etc/apt/trusted.gpg.d').map((name) => `/etc/apt/trusted.gpg.d/${name}`);
  const named = readArchives('/').flatMap(({ signedBy }) => signedBy?.files ?? []);
  for (const path of new Set(['/etc/apt/sources.list', ...lists, ...trusted, ...named])) {
    const bytes = readIfThere(path);
    if (bytes) await put(`settings/apt${path}`, bytes);
  }
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

const TRIES = 3_000;
const PAUSE_MS = 300;
/** Looks in a row that find nothing: what one part hands to another is in neither for a moment. */
const QUIET_LOOKS = 4;

async function settled(outputs: DeployedKiln['outputs'], functions: Functions, said: () => string): Promise<void> {
  let quiet = 0;
  let left = '';
  for (let tried = 0; tried < TRIES && quiet < QUIET_LOOKS; tried += 1) {
    await sleep(PAUSE_MS);
    left = await unfinished(outputs, functions);
    quiet = left === '' ? quiet + 1 : 0;
  }
  if (left !== '') throw new Error(`it never came to rest: ${left}\n${said()}`);
}

async function unfinished(outputs: DeployedKiln['outputs'], functions: Functions): Promise<string> {
  if (functions.busy().length > 0) return functions.busy().join();
  const running = { stateMachineArn: outputs.BuildImageMachineArn, statusFilter: 'RUNNING' as const };
  const { executions = [] } = await new SFNClient({}).send(new ListExecutionsCommand(running));
  if (executions.length > 0) return executions.map((it) => it.name).join();
  for (const QueueUrl of [outputs.RequestsQueueUrl, outputs.ChangesQueueUrl]) {
    const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
    const { Attributes = {} } = await sqs().send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] }),
    );
    if (names.some((it) => Attributes[it] !== '0')) return `${QueueUrl}: ${JSON.stringify(Attributes)}`;
  }
  return '';
}

/** Queues are named by their URLs, whose host is AWS's own. */
export const sqs = () => new SQSClient({ useQueueUrlAsEndpoint: false });
