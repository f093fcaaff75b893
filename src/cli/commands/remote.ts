import { Command } from 'commander';
import { openDeployment, type RemoteDeployment } from '../../adapters/aws/remote-deployment.ts';
import { KilnError } from '../../model/error.ts';
import type { Answer, CommandModule, Invocation } from '../command.ts';
import { approve, refuse } from '../remote/approval.ts';
import { add, build } from '../remote/build.ts';
import { logs } from '../remote/logs.ts';
import { redrive } from '../remote/redrive.ts';
import type { RemoteCommand } from '../remote/remote-command.ts';
import { status } from '../remote/status.ts';
import { asRemote } from '../remote/wording.ts';

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

const OWN: Readonly<Record<string, RemoteCommand>> = { status, build, approve, refuse, add, logs, redrive };
const NAMES = [...Object.keys(OWN), ...SAME_NAMES];

/** `kiln remote COMMAND …`: works with a deployment on AWS. */
export const { declare, run }: CommandModule = {
  declare(command) {
    const own = Object.entries(OWN).map(([name, it]) => `  ${name.padEnd(10)}${it.summary}`);
    command
      .argument('[command]', NAMES.join(', '))
      .argument('[arguments...]', 'of that command')
      .option('--deployment <name>', 'first part of its names', 'kiln')
      .allowUnknownOption()
      .addHelpText('after', `\nCommands:\n${own.join('\n')}\n  ${SAME_NAMES.join(', ')}: as without remote`);
  },

  async run(invocation): Promise<Answer> {
    const [name, ...words] = invocation.args.flat().filter((it) => it !== undefined);
    if (name === undefined || !NAMES.includes(name)) {
      const message = name === undefined ? 'no command is named' : `unknown command remote ${name}`;
      throw new KilnError('USAGE', message, { hint: `there is ${NAMES.join(', ')}` });
    }
    return runRemote(name, words, invocation);
  },
};

/** Runs one command over the deployment that `--deployment` names; its own arguments are `words`. Throws USAGE for those that it does not know. */
export async function runRemote(name: string, words: readonly string[], invocation: Invocation): Promise<Answer> {
  const command = new Command(`kiln remote ${name}`).exitOverride().configureOutput({ writeErr() {}, writeOut() {} });
  const own = OWN[name];
  const same = own ? undefined : await SAME_AS_HERE[name]?.();
  (own ?? same)?.declare(command);
  parseWords(command, words);
  const deployment = await openDeployment(String(invocation.options.deployment));
  const kiln = await kilnOf(invocation, deployment);
  const called = { ...invocation, kiln, args: command.processedArgs, options: command.opts() };
  if (own) return own.run(called, deployment);
  if (same) return asRemote(same.run(called));
  throw new Error(`internal: no command ${name}`);
}

function parseWords(command: Command, words: readonly string[]): void {
  command.action(() => {});
  try {
    command.parse([...words], { from: 'user' });
  } catch (error) {
    const message = (error as Error).message.replace(/^error: /, '').replaceAll("'", '');
    const usage = `${command.name()} ${command.usage().replace('[options] ', '')}`;
    const options = command.options.map((it) => it.flags).join(', ');
    throw new KilnError('USAGE', message, { hint: options ? `${usage}, with ${options}` : usage });
  }
}

async function kilnOf({ progress, signal }: Invocation, deployment: RemoteDeployment): Promise<Invocation['kiln']> {
  const { composeRemote } = await import('../compose-remote.ts');
  const kiln = composeRemote(deployment, progress, signal);
  return async () => kiln;
}
