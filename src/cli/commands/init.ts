import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { initSpec } from '../../app/init-spec/init-spec.ts';
import { KilnError } from '../../model/error.ts';
import type { Answer, CommandModule } from '../command.ts';

/** `kiln init PATH`: drafts a spec from an application. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command
      .argument('<application>', 'a Debian package, or the path of a folder, .deb, tar or binary')
      .option('--out <file>', 'the file to write; - for standard output', 'image.yaml')
      .option('--force', 'write over a file that is there');
  },

  async run({ args: [target], options, kiln: open }): Promise<Answer> {
    const out = String(options.out);
    const toOutput = out === '-';
    if (!toOutput && existsSync(out) && options.force !== true) {
      throw new KilnError('USAGE', `${out} is there already`, {
        hint: 'write another file with --out, or over it with --force',
      });
    }
    const { ports } = await open();
    const { text, draft } = await initSpec(ports, target!, toOutput ? 'image.yaml' : out);
    if (toOutput) return { data: { draft, text }, lines: text.trimEnd().split('\n') };
    await writeFile(out, text);
    const notes = draft.notes.map((it) => `  ${it}`);
    return {
      data: { draft, out },
      lines: [`${out} is drafted from ${draft.description}`, ...notes, `next: kiln build ${out}`],
    };
  },
};
