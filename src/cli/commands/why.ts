import { nearestWords } from '../../formats/text/nearest.ts';
import { KilnError } from '../../model/error.ts';
import { renderWhy, why } from '../../resolver/explain/why.ts';
import type { Answer, CommandModule } from '../command.ts';
import { lockOf } from '../lock-argument.ts';

/** `kiln why IMAGE PACKAGE`: the paths from the application to the package. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command.argument('<image>', 'a spec, NAME, or NAME@VERSION').argument('<package>', 'a package of its lock');
  },

  async run({ args: [argument, name], kiln: open }): Promise<Answer> {
    const { image, lock } = await lockOf(await open(), argument!);
    const report = why(lock.packages, name!);
    if (report) return { data: report, lines: renderWhy(report) };
    const names = lock.packages.map((it) => it.name);
    const near = nearestWords(names, name!);
    throw new KilnError('NOT_FOUND', `${name} is not in ${image}`, {
      hint: `${near.length > 0 ? `did you mean ${near.join(' or ')}? ` : ''}kiln why-not ${image} ${name} says why it is not`,
    });
  },
};
