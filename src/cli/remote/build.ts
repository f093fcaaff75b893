import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { RemoteDeployment } from '../../adapters/aws/remote-deployment.ts';
import { loadWithDigests } from '../../adapters/local/folder-spec-source.ts';
import { KilnError } from '../../model/error.ts';
import type { Answer, Invocation } from '../command.ts';
import type { RemoteCommand } from './remote-command.ts';

/** `kiln remote build IMAGE`, or `--all`: asks for builds by the bus. */
export const build: RemoteCommand = {
  summary: 'IMAGE: ask for a build; --all: of every image, some at a time',
  declare(command) {
    command
      .argument('[image]', 'name of an image that the deployment knows')
      .option('--all', 'of every image, some at a time')
      .option('--force', 'build it though nothing changed');
  },

  async run(invocation, deployment): Promise<Answer> {
    const { args, options } = invocation;
    const [image] = args;
    if ((image === undefined) === (options.all !== true)) {
      const hint = 'kiln remote build nginx, or kiln remote build --all';
      throw new KilnError('USAGE', image === undefined ? 'no image is named' : 'either one image or all', { hint });
    }
    if (image !== undefined) return request(invocation, deployment, image);
    if (options.force === true) {
      throw new KilnError('USAGE', '--force is for one image', { hint: 'kiln remote build nginx --force' });
    }
    const fleet = await deployment.requestAll('kiln remote build --all');
    return { data: { fleet }, lines: [`builds of all images are asked for; the execution is ${fleet}`] };
  },
};

async function request({ kiln, options }: Invocation, deployment: RemoteDeployment, image: string): Promise<Answer> {
  if (!(await (await kiln()).ports.catalog.getImage(image))) {
    const hint = 'kiln remote add PATH puts its spec there; kiln remote images lists those that are known';
    throw new KilnError('NOT_FOUND', `${deployment.name} knows no image ${image}`, { hint });
  }
  await deployment.request(image, 'kiln remote build', options.force === true);
  return {
    data: { image, requested: true },
    lines: [`a build of ${image} is asked for; kiln remote builds ${image} shows it`],
  };
}

/** `kiln remote add PATH`: puts a spec with its files into the bucket, which builds it. */
export const add: RemoteCommand = {
  summary: 'PATH: put a spec with its files there, which builds it',
  declare(command) {
    command.argument('<path>', 'an image.yaml, or its folder');
  },

  async run({ args: [path = ''] }, deployment): Promise<Answer> {
    const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'image.yaml') : path;
    const { spec } = await loadWithDigests(file);
    const folder = dirname(file);
    const others = filesBelow(folder).filter((it) => it !== file && !it.endsWith('.lock'));
    for (const it of others) await deployment.putSpecFile(spec.name, relative(folder, it), it);
    // The spec last: it is what makes the image known, and then everything that it names is there.
    await deployment.putSpecFile(spec.name, 'image.yaml', file);
    const count = others.length === 0 ? 'no files' : others.length === 1 ? 'one file' : `${others.length} files`;
    const lines = [
      `${spec.name} is there with ${count} beside its spec; its build begins by itself, kiln remote status shows it`,
    ];
    return { data: { image: spec.name, files: others.length + 1 }, lines };
  },
};

function filesBelow(folder: string): string[] {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true });
  return all.filter((it) => it.isFile()).map((it) => join(it.parentPath, it.name));
}
