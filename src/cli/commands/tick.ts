import { tick } from '../../app/tick.ts';
import type { Answer, CommandModule } from '../command.ts';

/** `kiln tick`: looks at every image once; for a timer that calls it. */
export const { declare, run }: CommandModule = {
  declare() {},

  async run({ kiln: open }): Promise<Answer> {
    const result = await tick((await open()).ports);
    const lines = [
      ...result.started.map(
        ({ image, cause }) => `built ${image}: ${cause.kind}${cause.detail ? `, ${cause.detail}` : ''}`,
      ),
      ...result.troubled.map(({ image, reason }) => `cannot look at ${image}: ${reason.split('\n')[0]}`),
    ];
    const status = result.troubled.length > 0 ? 1 : 0;
    return { data: result, lines: lines.length > 0 ? lines : ['nothing has to be built'], status };
  },
};
