import { setTimeout as sleep } from 'node:timers/promises';
import { newExecutionId } from '../../adapters/local/process-executions.ts';
import { ageImagesDaily } from '../../app/retention/lifecycle.ts';
import { tick } from '../../app/watch/tick.ts';
import { KilnError } from '../../model/error.ts';
import { milliseconds } from '../../model/spec.ts';
import type { Answer, CommandModule } from '../command.ts';
import { agedLines } from './lifecycle.ts';
import { tickLines } from './tick.ts';

/** `kiln serve`: ticks until it is stopped. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command.option('--every <time>', 'how often to look', '5m');
  },

  async run({ options, kiln: open, progress, signal }): Promise<Answer> {
    const pause = pauseOf(String(options.every));
    const { ports } = await open();
    let ticks = 0;
    progress.note(`looking for changes every ${options.every}; Ctrl-C ends it`);
    while (!signal.aborted) {
      const result = await tick(ports, { rejudge: ports, holder: newExecutionId() });
      ticks += 1;
      for (const line of [...tickLines(result), ...agedLines(await ageImagesDaily(ports))]) progress.note(line);
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
    return { data: { ticks }, lines: [`ended after ${ticks} looks`] };
  },
};

function pauseOf(text: string): number {
  if (/^\d+(ms|s|m|h)$/.test(text)) return Math.max(100, milliseconds(text));
  throw new KilnError('USAGE', `--every ${text} is not a time`, { hint: 'write 30s, 5m or 1h' });
}
