import { dirname } from 'node:path';
import { writeAtomically } from '../../adapters/local/temporary-file.ts';
import { fixSpec, type SpecFix } from '../../app/application/fix-spec.ts';
import type { Answer, CommandModule } from '../command.ts';
import { imageOf } from '../image-argument.ts';
import type { Style } from '../style.ts';

const MOST_OTHERS = 10;

/** `kiln fix IMAGE|SPEC`: what of the spec would mend the findings of the last build, as a diff. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command
      .argument('<image>', 'the name of a known image, or its image.yaml')
      .option('--write', 'change the spec')
      .option('--all', 'mend what only warns, too, and what a booted instance said it misses');
  },

  async run({ args: [argument], options, kiln: open, style }): Promise<Answer> {
    const kiln = await open();
    const fix = await fixSpec(kiln.ports, await imageOf(kiln, argument!), { all: options.all === true });
    const write = options.write === true && fix.diff.length > 0;
    if (write) await writeAtomically(fix.spec, fix.fixed, dirname(fix.spec));
    const { fixed: _, ...data } = fix;
    return { data: { ...data, written: write }, lines: [...render(fix, style), ...next(fix, write)] };
  },
};

function render({ changes, diff, others }: SpecFix, style: Style): string[] {
  const colours: Record<string, (text: string) => string> = { '+': style.green, '-': style.red };
  const mended = changes.flatMap((it) => it.mends.map((what) => `${it.field} mends: ${what}`));
  const shown = others.slice(0, MOST_OTHERS).map((it) => `  ${it.rule}: ${it.message}${it.mend ? `; ${it.mend}` : ''}`);
  if (others.length > MOST_OTHERS) shown.push(`  and ${others.length - MOST_OTHERS} more`);
  return [
    ...diff.map((line) => colours[line[0]!]?.(line) ?? line),
    ...(diff.length > 0 ? ['', ...mended] : []),
    ...(shown.length > 0 ? ['', 'not to be mended by the spec alone:', ...shown] : []),
  ];
}

function next({ image, diff, spec }: SpecFix, written: boolean): string[] {
  if (written) return ['', `${spec} is changed: kiln build ${image}`];
  return diff.length > 0
    ? ['', `kiln fix ${image} --write changes ${spec}`]
    : ['there is nothing in the spec to change'];
}
