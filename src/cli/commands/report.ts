import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseReference, requireVersion } from '../../app/gate/image-reference.ts';
import { reportImage } from '../../app/report/image-report.ts';
import { KilnError } from '../../model/error.ts';
import type { Answer, CommandModule } from '../command.ts';
import { renderPage } from '../report/page.ts';

/** `kiln report IMAGE`: everything that is kept of a version as one page. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command
      .argument('<image>', 'NAME, NAME@VERSION or NAME@ALIAS')
      .option('--out <file>', 'where to write it; “-” prints it; default: IMAGE-VERSION.html here');
  },

  async run({ args: [image], options, kiln: open }): Promise<Answer> {
    const { ports } = await open();
    const version = await requireVersion(ports.catalog, parseReference(image!));
    const report = await reportImage(ports, version);
    const page = renderPage(report);
    if (options.out === '-') return { data: report, lines: [page] };
    const path = resolve(typeof options.out === 'string' ? options.out : `${version.image}-${version.version}.html`);
    write(path, page);
    return { data: { ...report, page: path }, lines: [path] };
  },
};

function write(path: string, page: string): void {
  try {
    writeFileSync(path, page);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new KilnError('USAGE', `${path} can't be written (${code})`, { hint: 'name another place with --out' });
  }
}
