import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EBSClient } from '@aws-sdk/client-ebs';
import { EC2Client, RegisterImageCommand } from '@aws-sdk/client-ec2';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { parse } from 'yaml';
import { writeSnapshot } from '../../../src/adapters/aws/ebs-snapshot.ts';
import { unshareIsolatedRoot } from '../../../src/adapters/local/unshare-isolated-root.ts';
import type { Answer, Call, Route } from './door.ts';
import { streamFile } from './registry.ts';
import { bootMachine } from './virtual-machines.ts';

interface Step {
  readonly name: string;
  readonly action: string;
  readonly inputs: unknown;
}
interface Document {
  readonly phases: readonly { readonly name: string; readonly steps: readonly Step[] }[];
}

type State = { readonly status: string; readonly reason?: string };

interface Image {
  readonly arn: string;
  state: State;
  ami?: string;
}

export interface ImageBuilderOptions {
  readonly folder: string;
  /** Makes the root of a parent image in a folder; throws where there is no such image. */
  readonly parent: (parentImage: string, folder: string) => Promise<string>;
  /** Makes a disk that boots of a root, in a folder; where it is absent, disks hold the root alone, and the phase `test` is not run. */
  readonly disk?: (root: string, folder: string) => Promise<string>;
}

export interface EmulatedImageBuilder {
  readonly route: Route;
  /** Output of every component. */
  log(): string;
  /** Names of the components and recipes that were made, and how many images. */
  made(): { readonly components: string[]; readonly recipes: string[]; readonly images: number };
  /** Until no image is being made any more. */
  idle(): Promise<void>;
}

/**
 * EC2 Image Builder for real: components and recipes are kept, CreateImage runs the phases `build` and `validate` of the recipe's
 * components in an isolated root that stands for the parent, and makes an AMI of what comes out. The phase `test` is run on a machine that boots
 * it.
 */
export function imageBuilder(options: ImageBuilderOptions): EmulatedImageBuilder {
  const components = new Map<string, Record<string, unknown>>();
  const recipes = new Map<string, Record<string, unknown>>();
  const images = new Map<string, Image>();
  const tokens = new Map<string, unknown>();
  const lines: string[] = [];
  const work: Promise<void>[] = [];

  const create = (
    kind: string,
    all: Map<string, Record<string, unknown>>,
    body: Record<string, unknown>,
    suffix: string,
  ) => {
    const arn = arnOf(kind, `${body.name}/${body.semanticVersion}${suffix}`);
    if (all.has(arn)) throw new Refusal('ResourceAlreadyExistsException', `${arn} is there`);
    all.set(arn, body);
    return arn;
  };
  const begin = (body: Record<string, unknown>): Image => {
    const recipe = recipes.get(String(body.imageRecipeArn));
    if (!recipe) throw new Refusal('InvalidParameterValueException', `no recipe ${body.imageRecipeArn}`);
    if (!body.infrastructureConfigurationArn) throw new Refusal('InvalidParameterValueException', 'no infrastructure');
    const image: Image = {
      arn: arnOf('image', `${recipe.name}/1.0.0/${images.size + 1}`),
      state: { status: 'BUILDING' },
    };
    images.set(image.arn, image);
    const run = build(image, recipe, { components, options, say: (it) => lines.push(it) });
    work.push(
      run.catch((error: Error) => {
        image.state = { status: 'FAILED', reason: error.message };
      }),
    );
    return image;
  };
  const answer = (call: Call, operation: string): unknown => {
    const body = JSON.parse(call.body.toString() || '{}');
    const named = (arn: string) => arn.split('/')[1] === body.filters?.[0]?.values?.[0];
    switch (operation) {
      case 'CreateComponent':
        return { componentBuildVersionArn: create('component', components, body, '/1') };
      case 'CreateImageRecipe':
        for (const it of body.components) {
          if (!components.has(it.componentArn))
            throw new Refusal('InvalidParameterValueException', `no ${it.componentArn}`);
        }
        return { imageRecipeArn: create('image-recipe', recipes, body, '') };
      case 'ListComponents':
        return { componentVersionList: [...components.keys()].filter(named).map((it) => ({ arn: dirname(it) })) };
      case 'ListImageRecipes':
        return { imageRecipeSummaryList: [...recipes.keys()].filter(named).map((arn) => ({ arn })) };
      case 'CreateImage':
        return { imageBuildVersionArn: begin(body).arn };
      case 'GetImage': {
        const image = images.get(new URLSearchParams(call.path.split('?')[1]).get('imageBuildVersionArn') ?? '');
        if (!image) throw new Refusal('ResourceNotFoundException', 'no such image');
        const amis = image.ami ? [{ image: image.ami, region: 'eu-west-1' }] : [];
        return { image: { arn: image.arn, state: image.state, outputResources: { amis } } };
      }
      default:
        throw new Refusal('InvalidRequestException', `${operation} is not played`);
    }
  };
  return {
    log: () => lines.join(''),
    made: () => ({
      components: [...components.keys()].map((it) => it.split('/')[1] ?? ''),
      recipes: [...recipes.keys()].map((it) => it.split('/')[1] ?? ''),
      images: images.size,
    }),
    idle: async () => {
      await Promise.all(work);
    },
    async route(call) {
      if (call.service !== 'imagebuilder') return undefined;
      const operation = call.path.slice(1).split('?')[0] ?? '';
      const token = JSON.parse(call.body.toString() || '{}').clientToken;
      const known = token === undefined ? undefined : tokens.get(`${operation} ${token}`);
      if (known) return json(200, known);
      try {
        const result = answer(call, operation);
        if (token !== undefined) tokens.set(`${operation} ${token}`, result);
        return json(200, result);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const refused = json(400, { message: error.message });
        return { ...refused, headers: { ...refused.headers, 'x-amzn-errortype': error.name } };
      }
    },
  };
}

class Refusal extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

const arnOf = (kind: string, rest: string) =>
  `arn:aws:imagebuilder:eu-west-1:123456789012:${kind}/${rest.toLowerCase()}`;

interface Building {
  readonly components: ReadonlyMap<string, Record<string, unknown>>;
  readonly options: ImageBuilderOptions;
  readonly say: (text: string) => void;
}

async function build(
  image: Image,
  recipe: Record<string, unknown>,
  { components, options, say }: Building,
): Promise<void> {
  const folder = join(options.folder, randomUUID());
  try {
    const root = await options.parent(String(recipe.parentImage), join(folder, 'parent'));
    for (const phase of ['build', 'validate']) {
      for (const it of await scriptsOf(recipe, components, phase)) await runStep(root, it, say);
    }
    if (options.disk) {
      image.state = { status: 'TESTING' };
      await runTests(root, folder, await scriptsOf(recipe, components, 'test'), { disk: options.disk, say });
    }
    image.state = { status: 'DISTRIBUTING' };
    image.ami = await registerRoot(root, folder, image.arn, options.disk);
    image.state = { status: 'AVAILABLE' };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Steps of one phase of all of a recipe's components. */
async function scriptsOf(
  recipe: Record<string, unknown>,
  components: Building['components'],
  phase: string,
): Promise<Step[]> {
  const steps: Step[] = [];
  for (const { componentArn } of recipe.components as { componentArn: string }[]) {
    const document = parse((await object(String(components.get(componentArn)?.uri))).toString()) as Document;
    steps.push(...document.phases.filter((it) => it.name === phase).flatMap((it) => it.steps));
  }
  return steps;
}

const AGENT = { unit: '/etc/systemd/system/agent.service', script: '/etc/agent.sh' } as const;
const AGENT_WANTED = '/etc/systemd/system/multi-user.target.wants/agent.service';
const BOOT_TRIES = 600;

/** Boots the root with an agent in it, as Systems Manager's would be, which runs the steps and says on the console how they ended. */
async function runTests(
  root: string,
  folder: string,
  steps: readonly Step[],
  { disk, say }: { disk: NonNullable<ImageBuilderOptions['disk']>; say: (text: string) => void },
): Promise<void> {
  const commands = steps.flatMap((it) => (it.inputs as { commands: string[] }).commands);
  const each = commands.map((it) => `( ${it}\n) || status=1`);
  const script = ['status=0', ...each, 'echo "agent: status $status" > /dev/console', ''].join('\n');
  const unit = `[Unit]\nAfter=multi-user.target\n[Service]\nType=oneshot\nStandardOutput=tty\nTTYPath=/dev/console\nExecStart=/bin/bash ${AGENT.script}\n`;
  writeFileSync(join(root, AGENT.script), script);
  writeFileSync(join(root, AGENT.unit), unit);
  symlinkSync(AGENT.unit, join(root, AGENT_WANTED));
  const machine = await bootMachine(await disk(root, join(folder, 'test')), join(folder, 'machine'), []);
  try {
    let status: string | undefined;
    for (let tried = 0; tried < BOOT_TRIES && status === undefined && machine.isRunning(); tried += 1) {
      await sleep(500);
      status = /agent: status (\d)/.exec(machine.console())?.[1];
    }
    say(`== test\n${machine.console().slice(-3000)}`);
    if (status !== '0') throw new Error(`the phase test ended with status ${status ?? 'unknown'}`);
  } finally {
    await machine.stop(0);
    for (const path of [...Object.values(AGENT), AGENT_WANTED]) rmSync(join(root, path));
  }
}

type Moves = readonly { readonly source: string; readonly destination: string }[];

async function runStep(root: string, { name, action, inputs }: Step, say: (text: string) => void): Promise<void> {
  if (action === 'S3Download') {
    for (const { source, destination } of inputs as Moves) {
      mkdirSync(dirname(join(root, destination)), { recursive: true });
      writeFileSync(join(root, destination), await object(source));
    }
  } else if (action === 'S3Upload') {
    for (const { source, destination } of inputs as Moves) {
      const [Bucket, ...key] = destination.replace('s3://', '').split('/');
      const Body = readFileSync(join(root, source));
      await new S3Client({}).send(new PutObjectCommand({ Bucket, Key: key.join('/'), Body }));
    }
  } else if (action === 'ExecuteBash') {
    for (const command of (inputs as { commands: string[] }).commands) await runBash(root, name, command, say);
  } else throw new Error(`step ${name}: no action ${action}`);
}

async function runBash(root: string, name: string, command: string, say: (text: string) => void): Promise<void> {
  const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LANG: 'C.UTF-8' };
  const { exitStatus, stdout, stderr } = await unshareIsolatedRoot().run(root, ['/bin/bash', '-s'], {
    input: command,
    environment,
  });
  say(`== ${name}\n${stdout}${stderr}`);
  if (exitStatus === 0) return;
  const last = `${stdout}${stderr}`.trim().split('\n').slice(-3).join('; ');
  throw new Error(`step ${name} ended with status ${exitStatus}: ${last}`);
}

async function object(uri: string): Promise<Buffer> {
  const [Bucket, ...key] = uri.replace('s3://', '').split('/');
  const { Body } = await new S3Client({}).send(new GetObjectCommand({ Bucket, Key: key.join('/') }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

/** The root as a file system, and nothing to boot it. */
async function fileSystemOf(root: string, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'disk.raw');
  writeFileSync(path, '');
  truncateSync(path, 2 ** 30);
  execFileSync('mke2fs', ['-q', '-F', '-t', 'ext4', '-d', root, path], { stdio: ['ignore', 'ignore', 'inherit'] });
  return path;
}

/** The root on a disk, the disk as a snapshot, the snapshot as an AMI. */
async function registerRoot(
  root: string,
  folder: string,
  name: string,
  disk: ImageBuilderOptions['disk'] = fileSystemOf,
): Promise<string> {
  const path = await disk(root, join(folder, 'disk'));
  const request = {
    disk: streamFile(path),
    description: name,
    tags: {},
    key: name,
    work: join(folder, 'journal'),
  };
  const SnapshotId = await writeSnapshot(new EBSClient({}), request);
  const BlockDeviceMappings = [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId } }];
  const answer = await new EC2Client({}).send(
    new RegisterImageCommand({ Name: name.split(':').at(-1), RootDeviceName: '/dev/xvda', BlockDeviceMappings }),
  );
  return answer.ImageId as string;
}

const json = (status: number, value: unknown): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify(value)),
});
