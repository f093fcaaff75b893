import { Command } from 'commander';
import type { Answer, Invocation } from '../../src/cli/command.ts';
import { declare, run } from '../../src/cli/commands/remote.ts';
import { styleFor } from '../../src/cli/style.ts';

const progress = { note() {}, advance() {}, step() {}, close() {} } as never;

/** A call as the command line makes it, of a command that needs nothing of this machine. */
export function invocation(args: Invocation['args'], options: Invocation['options']): Invocation {
  const kiln = () => Promise.reject(new Error('internal: nothing of this machine is needed'));
  const { signal } = new AbortController();
  return { args, options, kiln, progress, style: styleFor({ isTTY: false }), signal };
}

/** `kiln remote WORDS…` as the command line calls it. */
export async function remoteCommand(...words: string[]): Promise<Answer> {
  const command = new Command('remote').exitOverride();
  declare(command);
  let answer: Promise<Answer> | undefined;
  command.action(() => {
    answer = run(invocation(command.processedArgs, command.opts()));
    return answer.then(() => undefined);
  });
  await command.parseAsync(words, { from: 'user' });
  if (!answer) throw new Error('the command did not run');
  return answer;
}
