import { buildImage } from '../build-image.ts';
import type { Answer, CommandModule } from '../command.ts';
import { imageOf } from '../image-argument.ts';
import { renderSummary } from '../render-summary.ts';

/** `kiln build SPEC`: the whole pipeline, from the spec to the accounts. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command
      .argument('<spec>', 'an image.yaml, its folder, or the name of a known image')
      .option('--force', 'build even when nothing changed')
      .option('--locked', 'do not resolve again: bake what the lock says')
      .option('--remote', 'have the deployment on AWS build it')
      .option('--deployment <name>', 'with --remote: first part of its names', 'kiln');
  },

  async run(invocation): Promise<Answer> {
    const { args, options, style } = invocation;
    if (options.remote === true) return (await import('../remote/build-remotely.ts')).buildRemotely(invocation);
    const kiln = await invocation.kiln();
    const image = await imageOf(kiln, args[0]!);
    const wishes = { force: options.force === true, locked: options.locked === true };
    const summary = await buildImage(kiln, image, wishes, invocation);
    return { data: summary, lines: renderSummary(summary, style), status: summary.build.state === 'refused' ? 1 : 0 };
  },
};
