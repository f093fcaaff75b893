import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeImageAttributeCommand, DescribeImagesCommand, EC2Client, type Image } from '@aws-sdk/client-ec2';
import { accountOf, OWNER } from './caller.ts';
import type { Answer, Call, Route } from './door.ts';
import type { EbsSnapshots } from './ebs-blocks.ts';
import { bootMachine, type VirtualMachine } from './virtual-machines.ts';

export interface InstancesOptions {
  readonly snapshots: EbsSnapshots;
  readonly folder: string;
  /** Of the door, where images are described and permissions read. */
  readonly endpoint: () => string;
  readonly ports: (image: Image) => Promise<readonly number[]>;
}

export interface Instances {
  readonly route: Route;
  /** How many machines run now. */
  running(): number;
  stop(): Promise<void>;
}

type Forward = (call: Call) => Promise<Answer>;

interface Launched {
  readonly account: string;
  readonly machine: VirtualMachine;
}

interface Books extends InstancesOptions {
  readonly launched: Map<string, Launched>;
  /** RunInstances by account and client token: the same token is the same instance, and must come with the same parameters. */
  readonly byToken: Map<string, { readonly request: string; readonly answer: Promise<Answer> }>;
  /** Instances that somebody ended. */
  readonly ended: Set<string>;
}

const GRACE_MS = 10_000;

/**
 * Instances for real: RunInstances boots in QEMU the disk of the image's snapshot at an address of its own, and refuses an
 * account that the stored launch permissions don't name; a guest that shuts down ends its instance. The emulator keeps the
 * books: tags, subnets, states.
 */
export function instances(options: InstancesOptions): Instances {
  const books: Books = { ...options, launched: new Map(), byToken: new Map(), ended: new Set() };
  const machines = () => [...books.launched.values()].map((it) => it.machine);
  return {
    running: () => machines().filter((it) => it.isRunning()).length,
    async stop() {
      await Promise.all(machines().map((it) => it.stop(0)));
    },
    async route(call, forward) {
      if (call.service !== 'ec2') return undefined;
      const form = new URLSearchParams(call.body.toString());
      if (call.operation === 'RunInstances') return run(books, call, form, forward);
      if (call.operation === 'DescribeInstances') return describe(books, call, forward);
      if (call.operation === 'TerminateInstances') return terminate(books, call, form, forward);
      return call.operation === 'GetConsoleOutput' ? consoleOutput(books, form) : undefined;
    },
  };
}

async function run(books: Books, call: Call, form: URLSearchParams, forward: Forward): Promise<Answer> {
  const account = await accountOf(call, forward);
  const token = form.get('ClientToken');
  if (token === null) return launch(books, call, form, forward, account);
  const key = `${account} ${token}`;
  const known = books.byToken.get(key);
  const request = form.toString();
  if (known && known.request !== request) {
    return fault(
      'IdempotentParameterMismatch',
      `the parameters of a request with the token ${token} differ from those before`,
    );
  }
  if (known) return known.answer;
  const answer = launch(books, call, form, forward, account);
  books.byToken.set(key, { request, answer });
  // What was refused may be asked for again.
  if ((await answer).status >= 400) books.byToken.delete(key);
  return answer;
}

async function launch(books: Books, call: Call, form: URLSearchParams, forward: Forward, account: string) {
  const imageId = form.get('ImageId') ?? '';
  const found = await launchable(books, imageId, account);
  if ('code' in found) return fault(found.code, found.message);
  const answer = await forward(call);
  const id = /<instanceId>(i-[0-9a-f]+)</.exec(answer.body.toString())?.[1];
  if (!id) return answer;
  const folder = join(books.folder, id);
  mkdirSync(folder, { recursive: true });
  await books.snapshots.writeDisk(snapshotOf(found), join(folder, 'disk.raw'));
  const machine = await bootMachine(join(folder, 'disk.raw'), folder, await books.ports(found));
  books.launched.set(id, { account, machine });
  return addressed(books, answer);
}

const snapshotOf = (image: Image) => image.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId ?? '';

/** The image, if this account may launch it. */
async function launchable({ endpoint }: Books, imageId: string, account: string) {
  const ec2 = ownersClient(endpoint());
  const { Images } = await ec2
    .send(new DescribeImagesCommand({ ImageIds: [imageId], IncludeDisabled: true }))
    .catch(() => ({ Images: [] }));
  const image = Images?.[0];
  if (!image) return { code: 'InvalidAMIID.NotFound', message: `The image id '[${imageId}]' does not exist` };
  if (image.State !== 'available') return { code: 'InvalidAMIID.Unavailable', message: `${imageId} is ${image.State}` };
  if (account === OWNER) return image;
  const request = { ImageId: imageId, Attribute: 'launchPermission' as const };
  const { LaunchPermissions } = await ec2.send(new DescribeImageAttributeCommand(request));
  const permitted = LaunchPermissions?.some((it) => it.UserId === account) ?? false;
  return permitted ? image : { code: 'AuthFailure', message: `Not authorized for images: [${imageId}]` };
}

function ownersClient(endpoint: string): EC2Client {
  return new EC2Client({ endpoint, credentials: { accessKeyId: 'emulator', secretAccessKey: 'emulator' } });
}

/** Instances whose guest has ended are terminated first, as their shutdown behaviour says. */
async function describe(books: Books, call: Call, forward: Forward): Promise<Answer> {
  const account = await accountOf(call, forward);
  for (const [id, it] of books.launched) {
    if (it.account === account && !it.machine.isRunning()) await forward(terminationOf(call, id));
  }
  return addressed(books, await forward(call));
}

function terminationOf(call: Call, id: string): Call {
  const body = new URLSearchParams({ Action: 'TerminateInstances', Version: '2016-11-15', 'InstanceId.1': id });
  return { ...call, operation: 'TerminateInstances', body: Buffer.from(body.toString()) };
}

async function terminate(
  { launched, ended }: Books,
  call: Call,
  form: URLSearchParams,
  forward: Forward,
): Promise<Answer> {
  const ids = [...form].filter(([name]) => name.startsWith('InstanceId.')).map(([, id]) => id);
  for (const id of ids) if (launched.get(id)?.machine.isRunning()) ended.add(id);
  await Promise.all(ids.map((id) => launched.get(id)?.machine.stop(GRACE_MS)));
  return forward(call);
}

function consoleOutput({ launched }: Books, form: URLSearchParams): Answer | undefined {
  const id = form.get('InstanceId') ?? '';
  const known = launched.get(id);
  if (!known) return undefined;
  const output = Buffer.from(known.machine.console()).toString('base64');
  const said = `<instanceId>${id}</instanceId><timestamp>${new Date().toISOString()}</timestamp><output>${output}</output>`;
  return xml(200, `<GetConsoleOutputResponse ${NAMESPACE}>${said}</GetConsoleOutputResponse>`);
}

/** The answer with each instance's own address in it, and of those that ended by themselves that they did. */
function addressed({ launched, ended }: Books, answer: Answer): Answer {
  const parts = answer.body.toString().split(/(?=<instanceId>)/);
  const text = parts.map((part) => {
    const id = /^<instanceId>(i-[0-9a-f]+)</.exec(part)?.[1] ?? '';
    const address = launched.get(id)?.machine.address;
    const told = ended.has(id)
      ? part
      : part.replace(/Client\.UserInitiatedShutdown/g, 'Client.InstanceInitiatedShutdown');
    return address ? told.replace(/<privateIpAddress>[^<]*</g, `<privateIpAddress>${address}<`) : told;
  });
  const body = Buffer.from(text.join(''));
  return { ...answer, headers: { ...answer.headers, 'content-length': String(body.length) }, body };
}

const NAMESPACE = 'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"';

const xml = (status: number, body: string): Answer => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>${body}`),
});

const fault = (code: string, message: string): Answer =>
  xml(400, `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors></Response>`);
