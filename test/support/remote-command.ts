import { Command } from 'commander';
import type { Answer } from '../../src/cli/command.ts';
import { declare, run } from '../../src/cli/commands/remote.ts';
import { styleFor } from '../../src/cli/style.ts';

const progress = { note() {}, advance() {}, step() {}, close() {} } as never;

/** `kiln remote WORDS…` as the command line calls it. */
export async function remoteCommand(...words: string[]): Promise<Answer> {
  const command = new Command('remote').exitOverride();
  declare(command);
  let answer: Promise<Answer> | undefined;
  command.action(() => {
    const kiln = () => Promise.reject(new Error('internal: nothing of this machine is needed'));
    const signal = new AbortController().signal;
    const style = styleFor({ isTTY: false });
    answer = run({ args: command.processedArgs, options: command.opts(), kiln, progress, style, signal });
    return answer.then(() => undefined);
  });
  await command.parseAsync(words, { from: 'user' });
  if (!answer) throw new Error('the command did not run');
  return answer;
}
