import { nearestWords } from '../../formats/nearest.ts';
import { KilnError } from '../../model/error.ts';
import { renderWhy, why } from '../../resolver/explain/why.ts';
import type { Answer, CommandModule } from '../command.ts';
import { imageOf } from '../image-argument.ts';

/** `kiln why IMAGE PACKAGE`: the paths from the application to the package. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command.argument('<image>', 'name of a known image, or its spec').argument('<package>', 'a package of its lock');
  },

  async run({ args: [argument, name], kiln: open }): Promise<Answer> {
    const kiln = await open();
    const image = await imageOf(kiln, argument!);
    const lock = await kiln.ports.specs.readLock(image);
    if (!lock) throw new KilnError('NOT_FOUND', `${image} has no lock`, { hint: `kiln resolve ${argument} makes one` });
    const report = why(lock.packages, name!);
    if (report) return { data: report, lines: renderWhy(report) };
    const near = nearestWords(
      lock.packages.map((it) => it.name),
      name!,
    );
    throw new KilnError('NOT_FOUND', `${name} is not in ${image}`, {
      hint: near.length > 0 ? `did you mean ${near.join(' or ')}?` : `kiln show ${image} lists what is in`,
    });
  },
};
