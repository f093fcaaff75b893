import { existsSync, readdirSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { Command } from 'commander';
import { openDeployment, type RemoteDeployment } from '../../adapters/aws/remote-deployment.ts';
import { loadWithDigests } from '../../adapters/local/folder-spec-source.ts';
import { answerApproval } from '../../app/steps/approve-image.ts';
import { KilnError } from '../../model/error.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Answer, CommandModule, Invocation } from '../command.ts';
import { table } from '../style.ts';

/** Commands of one machine that mean the same over a deployment's records. */
const SAME_AS_HERE: Readonly<Record<string, () => Promise<CommandModule>>> = {
  builds: () => import('./builds.ts'),
  images: () => import('./images.ts'),
  show: () => import('./show.ts'),
  can: () => import('./can.ts'),
  share: () => import('./share.ts'),
  revoke: () => import('./revoke.ts'),
  recall: () => import('./recall.ts'),
  lifecycle: () => import('./lifecycle.ts'),
};
const SAME_NAMES = Object.keys(SAME_AS_HERE);

const OWN = {
  status: { summary: 'what runs, what failed, what waits', run: status },
  build: { summary: 'IMAGE: ask for a build; --all: of every image, some at a time', run: build },
  approve: { summary: 'BUILD [WHY]: let one that waits for approval be shared', run: approve },
  refuse: { summary: 'BUILD WHY: do not let it, and quarantine it', run: refuse },
  add: { summary: 'PATH: put a spec with its files there, which builds it', run: add },
  logs: { summary: 'BUILD: what its steps did and wrote', run: logs },
  redrive: { summary: 'BUILD: go on with one that was stopped, or start one that failed anew', run: redrive },
} as const;

/** `kiln remote COMMAND …`: works with a deployment on AWS. */
export const { declare, run }: CommandModule = {
  declare(command) {
    const own = Object.entries(OWN).map(([name, it]) => `  ${name.padEnd(10)}${it.summary}`);
    command
      .argument('<command>', `${[...Object.keys(OWN), ...SAME_NAMES].join(', ')}`)
      .argument('[arguments...]', 'of that command')
      .option('--deployment <name>', 'first part of its names', 'kiln')
      .allowUnknownOption()
      .addHelpText('after', `\nCommands:\n${own.join('\n')}\n  ${SAME_NAMES.join(', ')}: as without remote`);
  },

  async run(invocation): Promise<Answer> {
    const [what = '', ...rest] = invocation.args.flat().filter((it) => it !== undefined);
    const known = what in OWN || what in SAME_AS_HERE;
    if (!known) {
      const hint = `there is ${[...Object.keys(OWN), ...SAME_NAMES].join(', ')}`;
      throw new KilnError('USAGE', `unknown command remote ${what}`, { hint });
    }
    const deployment = await openDeployment(String(invocation.options.deployment));
    const remote = await over(invocation, deployment);
    if (what in SAME_AS_HERE) return runSame(what, rest, remote);
    return OWN[what as keyof typeof OWN].run(remote, deployment, rest[0], rest.slice(1).join(' '));
  },
};

async function over(invocation: Invocation, deployment: RemoteDeployment): Promise<Invocation> {
  const { composeRemote } = await import('../compose-remote.ts');
  const kiln = composeRemote(deployment, invocation.progress, invocation.signal);
  return { ...invocation, kiln: async () => kiln };
}

async function runSame(name: string, words: readonly string[], invocation: Invocation): Promise<Answer> {
  const module = await SAME_AS_HERE[name]?.();
  if (!module) throw new Error(`internal: no command ${name}`);
  const command = new Command(`remote ${name}`).exitOverride().configureOutput({ writeErr() {} });
  module.declare(command);
  let answer: Promise<Answer> | undefined;
  command.action(() => {
    answer = module.run({ ...invocation, args: command.processedArgs, options: command.opts() });
  });
  await command.parseAsync([...words], { from: 'user' });
  if (!answer) throw new Error(`internal: ${name} did not run`);
  return answer;
}

const catalogOf = async ({ kiln }: Invocation): Promise<Catalog> => (await kiln()).ports.catalog;

async function status(invocation: Invocation, deployment: RemoteDeployment): Promise<Answer> {
  const catalog = await catalogOf(invocation);
  const [images, builds] = [await catalog.listImages(), await catalog.listBuilds({ limit: 200 })];
  const running = await deployment.runningExecutions();
  const deadLetters = await deployment.deadLetters();
  const newest = new Map(builds.toReversed().map((it) => [it.image, it]));
  const rows = await Promise.all(
    images.map(async ({ name }) => {
      const latest = (await catalog.aliases(name)).latest;
      const last = newest.get(name);
      const grants =
        latest === undefined ? [] : await catalog.listGrants({ image: name, version: latest, inForce: true });
      return { name, latest, accounts: grants.length, state: last?.state, detail: last?.detail };
    }),
  );
  const cells = rows.map((it) => [
    it.name,
    it.latest === undefined ? 'none' : `@${it.latest}`,
    String(it.accounts),
    it.state ?? 'never built',
    it.detail?.split('\n')[0] ?? '',
  ]);
  const lines = [
    `${deployment.name}: ${images.length} images, ${running.length} executions run, ${deadLetters} events could not be handled`,
    ...(rows.length > 0 ? table(['image', 'latest', 'grants>', 'last build', ''], cells, invocation.style) : []),
  ];
  return { data: { deployment: deployment.name, running, deadLetters, images: rows }, lines };
}

async function build(invocation: Invocation, deployment: RemoteDeployment, image: string | undefined): Promise<Answer> {
  if (image === undefined) throw new KilnError('USAGE', 'no image is named', { hint: 'kiln remote build nginx' });
  if (image === '--all') {
    const fleet = await deployment.requestAll('kiln remote build --all');
    return { data: { fleet }, lines: [`builds of all images are asked for; the execution is ${fleet}`] };
  }
  const known = await (await catalogOf(invocation)).getImage(image);
  if (!known) {
    const hint = 'kiln remote add PATH puts its spec there; kiln remote images lists those that are known';
    throw new KilnError('NOT_FOUND', `${deployment.name} knows no image ${image}`, { hint });
  }
  await deployment.request(image, 'kiln remote build');
  return {
    data: { image, requested: true },
    lines: [`a build of ${image} is asked for; kiln remote builds ${image} shows it`],
  };
}

async function add(_: Invocation, deployment: RemoteDeployment, path: string | undefined): Promise<Answer> {
  if (path === undefined) throw new KilnError('USAGE', 'no spec is named', { hint: 'kiln remote add examples/nginx' });
  const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'image.yaml') : path;
  const { spec } = await loadWithDigests(file);
  const folder = dirname(file);
  const others = filesBelow(folder).filter((it) => it !== file && !it.endsWith('.lock'));
  for (const it of others) await deployment.putSpecFile(spec.name, relative(folder, it), it);
  // The spec last: it is what makes the image known, and then everything that it names is there.
  await deployment.putSpecFile(spec.name, 'image.yaml', file);
  const lines = [`${spec.name} is there with ${others.length} files beside its spec; its build begins by itself`];
  return { data: { image: spec.name, files: others.length + 1 }, lines };
}

function filesBelow(folder: string): string[] {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true });
  return all.filter((it) => it.isFile()).map((it) => join(it.parentPath, it.name));
}

async function requireBuild(invocation: Invocation, id: string | undefined) {
  if (id === undefined) throw new KilnError('USAGE', 'no build is named', { hint: 'kiln remote builds lists them' });
  const found = await (await catalogOf(invocation)).getBuild(id);
  if (!found) throw new KilnError('NOT_FOUND', `no build ${id}`, { hint: 'kiln remote builds lists them' });
  return found;
}

async function logs(invocation: Invocation, deployment: RemoteDeployment, id: string | undefined): Promise<Answer> {
  const found = await requireBuild(invocation, id);
  const written = await deployment.logs(found);
  const steps = found.steps.map((it) => [
    it.startedAt.slice(11, 19),
    it.step,
    it.outcome,
    it.detail?.split('\n')[0] ?? '',
  ]);
  const lines = [
    `${found.id}: ${found.state}${found.detail ? `: ${found.detail.split('\n')[0]}` : ''}`,
    ...table(['began', 'step', 'outcome', ''], steps, invocation.style),
    ...written.map((it) => `${it.at.slice(11, 23)} ${it.from}: ${it.text}`),
  ];
  return { data: { build: found, logs: written }, lines };
}

async function approve(invocation: Invocation, deployment: RemoteDeployment, id: string | undefined, why: string) {
  return answer(invocation, deployment, { id, approved: true, why });
}

async function refuse(invocation: Invocation, deployment: RemoteDeployment, id: string | undefined, why: string) {
  if (why === '') throw new KilnError('USAGE', 'no reason is given', { hint: 'kiln remote refuse BUILD WHY' });
  return answer(invocation, deployment, { id, approved: false, why });
}

async function answer(
  invocation: Invocation,
  deployment: RemoteDeployment,
  { id, approved, why }: { id: string | undefined; approved: boolean; why: string },
): Promise<Answer> {
  const found = await requireBuild(invocation, id);
  const { ports } = await invocation.kiln();
  const given = { buildId: found.id, approved, by: userInfo().username, ...(why ? { reason: why } : {}) };
  await answerApproval(ports, given, (token, output) => deployment.answerApproval(token, output));
  const said = approved ? 'approved: it is shared now' : 'refused: it is quarantined';
  return { data: { build: found.id, approved }, lines: [`build ${found.id} is ${said}`] };
}

async function redrive(invocation: Invocation, deployment: RemoteDeployment, id: string | undefined): Promise<Answer> {
  const found = await requireBuild(invocation, id);
  const how = await deployment.redrive(found);
  return { data: { build: found.id, how }, lines: [`build ${found.id} is ${how}`] };
}
