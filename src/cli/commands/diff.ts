import { diffSets, renderDiff } from '../../resolver/explain/diff.ts';
import type { Answer, CommandModule } from '../command.ts';
import { lockOf } from '../lock-argument.ts';

/** `kiln diff A B`: packages, versions and sizes that differ, with the cause of each change. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command.argument('<before>', 'a spec, NAME, or NAME@VERSION').argument('<after>', 'another one');
  },

  async run({ args: [before, after], kiln: open }): Promise<Answer> {
    const kiln = await open();
    const [old, now] = [await lockOf(kiln, before!), await lockOf(kiln, after!)];
    const difference = diffSets(old.lock.packages, now.lock.packages);
    return { data: difference, lines: renderDiff(difference) };
  },
};
