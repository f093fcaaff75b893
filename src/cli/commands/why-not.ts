import { openArchive, resolveClosure, rootsOf } from '../../app/lock/closure.ts';
import { renderWhyNot, whyNot } from '../../resolver/explain/why-not.ts';
import type { Answer, CommandModule } from '../command.ts';
import { imageOf } from '../image-argument.ts';

/** `kiln why-not IMAGE PACKAGE`: what keeps a package out of an image's closure. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command.argument('<image>', 'a spec, or NAME').argument('<package>', 'a package that is not in');
  },

  async run({ args: [argument, name], kiln: open }): Promise<Answer> {
    const kiln = await open();
    const { spec } = await kiln.ports.specs.load(await imageOf(kiln, argument!));
    const { universe } = await openArchive(kiln.ports, spec.os);
    const outcome = resolveClosure(universe, spec);
    if (outcome.kind === 'unsatisfiable') return { data: outcome, lines: [...outcome.explanation], status: 1 };
    const request = { roots: rootsOf(spec), resolution: spec.resolution };
    const report = whyNot(universe, request, outcome.packages, name!);
    return { data: report, lines: renderWhyNot(report), status: report.kind === 'unknown' ? 1 : 0 };
  },
};
