import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseReference, requireVersion } from '../../app/gate/image-reference.ts';
import { timestamp } from '../../ports/clock.ts';
import type { Answer, CommandModule } from '../command.ts';
import { runDebugMachine } from '../debug/debug-machine.ts';

/** `kiln debug IMAGE`: the image with a shell and tools, on an overlay that nothing can be made of. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command
      .argument('<image>', 'NAME, NAME@VERSION or NAME@ALIAS; a quarantined one too')
      .addHelpText('after', '\nCommands can be piped in: echo "ps" | kiln debug nginx');
  },

  async run({ args: [image], kiln: open, progress }): Promise<Answer> {
    const { ports, home } = await open();
    const version = await requireVersion(ports.catalog, parseReference(image!));
    const disk = await ports.store.path(version.diskDigest);
    const at = timestamp(ports.clock);
    const detail = { version: version.version };
    await ports.catalog.recordEvent({
      id: `debug:${at}:${process.pid}`,
      kind: 'debug',
      at,
      image: version.image,
      detail,
    });
    progress.note(`booting ${version.image}@${version.version}; exit powers it off`);
    progress.close();
    const input = process.stdin.isTTY ? undefined : await text(process.stdin);
    await runDebugMachine(disk, join(home, 'instances'), input);
    return { data: { image: version.image, ...detail }, lines: [] };
  },
};
