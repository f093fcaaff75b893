import { z } from 'zod';
import { fitsAny } from '../glob.ts';
import { answer, defineRule } from '../rule.ts';
import { isAtOrBelow, isSpecFile, KILN_FOLDER } from '../spec-files.ts';

/** Every program comes from a locked package, from the spec, or from Kiln's own runtime: nothing was slipped in while configuring. */
export const unexplainedPrograms = defineRule({
  id: 'unexplained-programs',
  title: 'each program and library comes from a locked package, from the spec or from Kiln’s runtime',
  remedy: 'find out what made it (a maintainer script?), and state it in the spec or remove it',
  parameters: z.strictObject({
    allow: z.array(z.string()).default([]).describe('glob patterns of programs made while configuring'),
  }),
  check(context, { allow }) {
    const { inventory, lock, contents } = context;
    const programs = [...inventory.elf, ...inventory.scripts].filter((it) => it.package === '');
    // Without contents only the packages taken in part have a list of files.
    const known = contents !== undefined || lock.packages.every((it) => it.files !== undefined);
    if (!known) return { outcome: 'not-applicable', reason: 'the packages’ contents are not at hand' };
    return answer(
      programs
        .filter(({ path }) => !isSpecFile(context, path) && !isAtOrBelow(path, KILN_FOLDER) && !fitsAny(path, allow))
        .map(({ path }) => ({
          message: `no locked package and no file of the spec explains ${path}`,
          file: path,
          seen: 'of unknown origin',
          wanted: 'from a locked package',
        })),
    );
  },
});
