import { requireInstance } from '../../app/launch/launch-image.ts';
import type { Answer, CommandModule } from '../command.ts';

/** `kiln stop INSTANCE`: shuts an instance down, and ends it where it does not go by itself. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command.argument('[instance]', 'its identifier; without it the running ones are listed');
  },

  async run({ args: [id], kiln: open }): Promise<Answer> {
    const { ports } = await open();
    if (id === undefined) {
      const running = await ports.testBed.running();
      const lines = running.map((it) => `${it.id}  ${it.imageId}  account ${it.account}  since ${it.launchedAt}`);
      return { data: running, lines: lines.length > 0 ? lines : ['nothing runs'] };
    }
    const instance = await requireInstance(ports, id);
    const { clean } = await ports.testBed.stop(instance);
    return { data: { id, clean }, lines: [clean ? `${id} shut down` : `${id} did not shut down and was ended`] };
  },
};
