import { renderTree, treeOf } from '../../resolver/explain/tree.ts';
import type { Answer, CommandModule } from '../command.ts';
import { lockOf } from '../lock-argument.ts';

/** `kiln tree IMAGE`: its packages by what asks for them, with the size of each branch. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command.argument('<image>', 'a spec, NAME, or NAME@VERSION');
  },

  async run({ args: [argument], kiln: open }): Promise<Answer> {
    const roots = treeOf((await lockOf(await open(), argument!)).lock.packages);
    return { data: roots, lines: [...renderTree(roots), '', '* in by more than one way; … told above'] };
  },
};
