import { KilnError } from '../../model/error.ts';
import type { Answer, CommandModule } from '../command.ts';
import { formatDuration, table } from '../style.ts';

/** `kiln builds [IMAGE]`: builds with their cause and result, newest first. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command.argument('[image]', 'only builds of this image').option('--limit <number>', 'how many', '20');
  },

  async run({ args: [image], options, kiln: open, style }): Promise<Answer> {
    const limit = Number(options.limit);
    if (!Number.isInteger(limit) || limit < 1) {
      throw new KilnError('USAGE', `--limit ${options.limit} is not a number of builds`, { hint: 'write --limit 20' });
    }
    const builds = await (await open()).ports.catalog.listBuilds({ image, limit });
    const rows = builds.map((it) => [
      it.id,
      it.image + (it.version === undefined ? '' : `@${it.version}`),
      it.state,
      it.cause.kind,
      it.requestedAt.slice(0, 19).replace('T', ' '),
      it.endedAt ? formatDuration(Date.parse(it.endedAt) - Date.parse(it.requestedAt)) : '',
      it.detail?.split('\n')[0] ?? '',
    ]);
    const lines = table(['build', 'image', 'state', 'cause', 'asked for', 'took>', ''], rows, style);
    return { data: builds, lines: builds.length > 0 ? lines : ['no builds yet'] };
  },
};
