import { parseReference, requireVersion } from '../../app/image-reference.ts';
import { summarize } from '../../app/summary.ts';
import type { Answer, CommandModule } from '../command.ts';
import { renderSummary } from '../render-summary.ts';

/** `kiln show IMAGE[@VERSION]`: what is in it, what was checked, and who may have it. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command.argument('<image>', 'NAME, NAME@VERSION or NAME@ALIAS');
  },

  async run({ args: [image], kiln: open, style }): Promise<Answer> {
    const { ports } = await open();
    const version = await requireVersion(ports.catalog, parseReference(image!));
    const summary = await summarize(ports, version.buildId);
    const state = version.state === 'available' ? [] : [`${version.image}@${version.version} is ${version.state}`];
    return { data: { ...summary, version }, lines: [...state, ...renderSummary(summary, style)] };
  },
};
