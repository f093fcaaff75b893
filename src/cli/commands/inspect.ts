import { parseReference, requireVersion } from '../../app/gate/image-reference.ts';
import { inspectImage } from '../../app/gate/inspect-image.ts';
import { nearestWord } from '../../formats/text/nearest.ts';
import { KilnError } from '../../model/error.ts';
import type { Answer, CommandModule } from '../command.ts';
import { table } from '../style.ts';

/** `kiln inspect IMAGE [PART]`: the inventory, which is what policies see. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command
      .argument('<image>', 'NAME, NAME@VERSION or NAME@ALIAS')
      .argument('[part]', 'such as packages, users or units; without it the parts are listed');
  },

  async run({ args: [image, part], kiln: open, style }): Promise<Answer> {
    const { ports } = await open();
    const version = await requireVersion(ports.catalog, parseReference(image!));
    const inventory: Record<string, unknown> = { ...(await inspectImage(ports, version)) };
    if (part === undefined) {
      const rows = Object.entries(inventory).map(([name, value]) => [name, sizeOf(value)]);
      return { data: inventory, lines: table(['part', 'holds>'], rows, style) };
    }
    if (Object.hasOwn(inventory, part)) {
      return { data: inventory[part], lines: JSON.stringify(inventory[part], null, 2).split('\n') };
    }
    const near = nearestWord(Object.keys(inventory), part);
    const hint = near ? `did you mean ${near}?` : `there is ${Object.keys(inventory).join(', ')}`;
    throw new KilnError('USAGE', `an inventory has no part ${part}`, { hint });
  },
};

function sizeOf(value: unknown): string {
  if (Array.isArray(value)) return String(value.length);
  return typeof value === 'object' && value !== null ? `${Object.keys(value).length} keys` : String(value);
}
