import { setTimeout as sleep } from 'node:timers/promises';
import {
  DescribeInstancesCommand,
  type EC2Client,
  type Instance as Ec2Instance,
  type Filter,
  GetConsoleOutputCommand,
  type _InstanceType as InstanceType,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { sha256 } from '../../model/canonical.ts';
import { KilnError } from '../../model/error.ts';
import { type ImageSpec, type ImageTest, milliseconds } from '../../model/spec.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Instance, LaunchRequest, TestBed, TestResult } from '../../ports/test-bed.ts';
import { endpointOf } from '../local/probe.ts';
import { errorName } from './aws-fault.ts';
import { type CommandTester, runCommandTest } from './command-tester.ts';
import { requireImage, tagOf } from './ec2-images.ts';

export interface Ec2TestBed {
  readonly ec2: EC2Client;
  readonly lambda: LambdaClient;
  readonly clock: Clock;
  readonly subnetId: string;
  readonly securityGroupId: string;
  readonly instanceType: string;
  /** Function in the subnet that reaches instances; it needs no rights of its own. */
  readonly proberFunction: string;
  /** Runs commands beside instances; absent: tests by a command fail. */
  readonly commands?: CommandTester;
  /** Sources that an image's testers are made of. */
  readonly osOf?: (image: string) => Promise<ImageSpec['os']>;
}

const KEY = 'kiln:key';
const ACCOUNT = 'kiln:account';
const RUNNING: Filter = { Name: 'instance-state-name', Values: ['pending', 'running'] };
const PAUSE_MS = 1_000;
const START_TRIES = 180;
/** Instances of one key that ended before they are given up on; each was launched by a call that then died, or overlapped with another. */
const LAUNCHES = 8;
/** EC2 tells the second of a launch. */
const CLOCKS_DIFFER_MS = 5_000;
const LOOK_EVERY = 5;
const CONSOLE_PAUSE_MS = 5_000;
const AT_LEAST_MS = 60_000;

/** Test instances in an isolated subnet, without a public address; they end for good when they shut down. */
export function ec2TestBed(bed: Ec2TestBed): TestBed {
  const { ec2 } = bed;
  return {
    launch: (request, signal) => launch(bed, request, signal),
    probe: (instance, test, signal, since) => probe(bed, { instance, test, since }, signal),
    console: (instance) => consoleOf(ec2, instance.id),
    // EC2 winds it down and ends it by itself from here on: nobody is paid to look on.
    stop: async ({ id }) => ({ clean: await terminate(ec2, id) }),
    async end(key) {
      const Filters = [{ Name: `tag:${KEY}`, Values: [key] }, RUNNING];
      for (const it of await instancesBy(ec2, Filters)) await terminate(ec2, it.InstanceId as string);
    },
    async running() {
      const found = await instancesBy(ec2, [{ Name: 'tag-key', Values: [ACCOUNT] }, RUNNING]);
      return found.map((it) => instanceOf(it, []));
    },
  };
}

async function instancesBy(ec2: EC2Client, Filters: Filter[]): Promise<Ec2Instance[]> {
  const answer = await ec2.send(new DescribeInstancesCommand({ Filters }));
  return (answer.Reservations ?? []).flatMap((it) => it.Instances ?? []);
}

/**
 * The instance of a key, launched again where the one before has ended: a client token brings back what it made once, ended or not. Where
 * the signal is aborted it is left to the next call, which goes on with it.
 */
async function launch(bed: Ec2TestBed, request: LaunchRequest, signal?: AbortSignal): Promise<Instance> {
  const before: string[] = [];
  while (before.length < LAUNCHES) {
    const asked = bed.clock.now() - CLOCKS_DIFFER_MS;
    const id = await run(bed, request, before);
    try {
      const instance = await started(bed.ec2, { id, asked }, signal);
      if (instance) return instanceOf(instance, request.ports);
    } catch (error) {
      if (!signal?.aborted) await terminate(bed.ec2, id);
      throw error;
    }
    before.push(id);
  }
  throw new KilnError('BOOT_FAILED', `${LAUNCHES} instances of ${request.imageId} ended`, {
    hint: `see their consoles: ${before.join(', ')}`,
  });
}

/** RunInstances: one token makes one instance, and must come with the same parameters each time. */
async function run(bed: Ec2TestBed, request: LaunchRequest, before: readonly string[]): Promise<string> {
  const { imageId, key, account } = request;
  const tags = { Name: `kiln test of ${imageId}`, [KEY]: key, [ACCOUNT]: account };
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const answer = await bed.ec2.send(
    new RunInstancesCommand({
      ImageId: imageId,
      InstanceType: bed.instanceType as InstanceType,
      MinCount: 1,
      MaxCount: 1,
      ClientToken: sha256([key, imageId, ...before].join(' ')),
      InstanceInitiatedShutdownBehavior: 'terminate',
      MetadataOptions: { HttpTokens: 'required', HttpEndpoint: 'enabled' },
      NetworkInterfaces: [
        { DeviceIndex: 0, SubnetId: bed.subnetId, Groups: [bed.securityGroupId], AssociatePublicIpAddress: false },
      ],
      TagSpecifications: [{ ResourceType: 'instance', Tags }],
    }),
  );
  return answer.Instances?.[0]?.InstanceId as string;
}

async function find(ec2: EC2Client, id: string): Promise<Ec2Instance | undefined> {
  try {
    const answer = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    return answer.Reservations?.[0]?.Instances?.[0];
  } catch (error) {
    if (errorName(error) === 'InvalidInstanceID.NotFound') return undefined;
    throw error;
  }
}

/** The instance once it runs; undefined where it had ended before it was asked for. */
async function started(
  ec2: EC2Client,
  { id, asked }: { id: string; asked: number },
  signal?: AbortSignal,
): Promise<Ec2Instance | undefined> {
  for (let tried = 0; tried < START_TRIES; tried += 1) {
    signal?.throwIfAborted();
    const instance = await find(ec2, id);
    const state = instance?.State?.Name;
    if (instance && state === 'running') return instance;
    if (state !== undefined && state !== 'pending') {
      if (Number(instance?.LaunchTime ?? asked) < asked) return undefined;
      const why = instance?.StateReason?.Message ?? state;
      throw new KilnError('BOOT_FAILED', `instance ${id} did not start: ${why}`, { hint: 'see its console' });
    }
    await sleep(PAUSE_MS, undefined, { signal });
  }
  throw new KilnError('DEPENDENCY_UNAVAILABLE', `instance ${id} is pending for ${START_TRIES} s`, {
    hint: 'try again',
  });
}

function instanceOf(it: Ec2Instance, ports: readonly number[]): Instance {
  const tag = (key: string) => it.Tags?.find((one) => one.Key === key)?.Value;
  const host = it.PrivateIpAddress ?? '';
  return {
    id: it.InstanceId as string,
    account: tag(ACCOUNT) ?? '',
    imageId: it.ImageId as string,
    launchedAt: (it.LaunchTime ?? new Date(0)).toISOString(),
    endpoints: Object.fromEntries(ports.map((port) => [port, { host, port }])),
    machine: it.InstanceType as string,
    key: tag(KEY),
  };
}

interface Asked {
  readonly instance: Instance;
  readonly test: ImageTest;
  /** When it was asked first; default: now. */
  readonly since?: number;
}

async function probe(bed: Ec2TestBed, { instance, test, since }: Asked, signal?: AbortSignal): Promise<TestResult> {
  const name = nameOf(test);
  if ('command' in test) return { ...(await askByCommand(bed, instance, test, signal)), name };
  if (!('console' in test)) endpointOf(instance, portOf(test));
  const deadline = deadlineOf(instance, test, since ?? bed.clock.now());
  let detail = 'no answer';
  let asked = 0;
  do {
    signal?.throwIfAborted();
    const answer =
      'console' in test ? await askConsole(bed, instance, test.console.line) : await ask(bed, instance, test);
    if (answer.passed) return { name, passed: true, firstSuccessMs: bed.clock.now() - Date.parse(instance.launchedAt) };
    detail = answer.detail;
    asked += 1;
    const end = asked % LOOK_EVERY === 0 ? await endOf(bed.ec2, instance) : undefined;
    if (end) return { name, passed: false, ...end };
    await sleep('console' in test ? CONSOLE_PAUSE_MS : PAUSE_MS, undefined, { signal });
  } while (bed.clock.now() < deadline);
  return { name, passed: false, detail: `not in ${test.timeout}: ${detail}` };
}

const OF_ITS_OWN = /InstanceInitiatedShutdown|InternalError|Spot|Server\./;

/** Why an instance is asked in vain: it has ended, of its own accord or because somebody ended it. */
async function endOf(ec2: EC2Client, { id }: Instance): Promise<Pick<TestResult, 'detail' | 'cutShort'> | undefined> {
  const found = await find(ec2, id);
  const state = found?.State?.Name ?? 'terminated';
  if (state === 'pending' || state === 'running') return undefined;
  const { Code = '', Message = state } = found?.StateReason ?? {};
  if (!OF_ITS_OWN.test(Code)) return { detail: `somebody ended instance ${id}`, cutShort: true };
  const said = (await consoleOf(ec2, id)).trim().split('\n').slice(-3).join(' | ').slice(-400);
  return { detail: `the instance ended: ${said || Message}` };
}

/** Counted from the launch; what is asked after other tests took their time is asked for some time nevertheless. */
function deadlineOf({ launchedAt }: Instance, { timeout }: ImageTest, since: number): number {
  const time = milliseconds(timeout);
  return Math.max(Date.parse(launchedAt) + time, since + Math.min(time, AT_LEAST_MS));
}

async function askByCommand(
  { commands, osOf, ec2 }: Ec2TestBed,
  instance: Instance,
  test: Extract<ImageTest, { command: unknown }>,
  signal?: AbortSignal,
): Promise<TestResult> {
  if (!commands || !osOf) {
    const detail = 'a command test needs programs beside the instance, and this deployment has none: deploy it again';
    return { name: '', passed: false, detail };
  }
  const image = tagOf(await requireImage(ec2, instance.imageId), 'kiln:image') ?? '';
  return runCommandTest(commands, { instance, test, os: await osOf(image) }, signal);
}

const portOf = (test: ImageTest): number => ('http' in test ? test.http.port : 'tcp' in test ? test.tcp.port : 0);

/** As on one machine: a test is known by its name in records. */
function nameOf(test: ImageTest): string {
  if (test.name !== undefined) return test.name;
  if ('http' in test) return `GET ${test.http.path} on port ${test.http.port}`;
  if ('tcp' in test) return `TCP port ${test.tcp.port}`;
  return 'console' in test ? `console: ${test.console.line}` : (test.command.run[0] ?? 'command');
}

interface Answered {
  readonly passed: boolean;
  readonly detail: string;
}

async function ask({ lambda, proberFunction }: Ec2TestBed, instance: Instance, test: ImageTest): Promise<Answered> {
  const port = portOf(test);
  const endpoint = instance.endpoints[port];
  if (!endpoint) return { passed: false, detail: `port ${port} is not among the application's ports` };
  const Payload = Buffer.from(JSON.stringify({ host: endpoint.host, test }));
  const answer = await lambda.send(new InvokeCommand({ FunctionName: proberFunction, Payload }));
  const text = Buffer.from(answer.Payload ?? []).toString();
  if (answer.FunctionError) throw new Error(`internal: the prober failed: ${text}`);
  return JSON.parse(text);
}

async function askConsole({ ec2 }: Ec2TestBed, instance: Instance, line: string): Promise<Answered> {
  const lines = (await consoleOf(ec2, instance.id)).split(/\r?\n/);
  return { passed: lines.some((it) => new RegExp(line).test(it)), detail: `no line of the console matches ${line}` };
}

/** What it says now; of one that is ending, what EC2 kept. */
async function consoleOf(ec2: EC2Client, InstanceId: string): Promise<string> {
  const answer = await ec2.send(new GetConsoleOutputCommand({ InstanceId, Latest: true })).catch((error: unknown) => {
    if (!['UnsupportedOperation', 'IncorrectInstanceState'].includes(errorName(error))) throw error;
    return ec2.send(new GetConsoleOutputCommand({ InstanceId }));
  });
  return Buffer.from(answer.Output ?? '', 'base64').toString();
}

/** True once EC2 has taken it on to end the instance, or had. */
async function terminate(ec2: EC2Client, id: string): Promise<boolean> {
  try {
    const { TerminatingInstances } = await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    return ENDING.has(TerminatingInstances?.[0]?.CurrentState?.Name ?? '');
  } catch (error) {
    if (errorName(error) !== 'InvalidInstanceID.NotFound') throw error;
    return true;
  }
}

const ENDING = new Set(['shutting-down', 'terminated']);
