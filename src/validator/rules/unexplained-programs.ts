import { z } from 'zod';
import { fitsAny } from '../glob.ts';
import { answer, defineRule, type RuleContext } from '../rule.ts';
import { isAtOrBelow, isSpecFile, KILN_FOLDER } from '../spec-files.ts';

/** Every program comes from a locked package (or is a copy of a file of one), from the spec, or from Kiln's own runtime: nothing was slipped in while configuring. */
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
        .filter(({ path }) => !isCopy(context, path))
        .map(({ path }) => ({
          message: `no locked package and no file of the spec explains ${path}`,
          file: path,
          seen: 'of unknown origin',
          wanted: 'from a locked package',
        })),
    );
  },
});

/** A package's own file that a script has put elsewhere, maybe by another name: the same bytes. */
function isCopy({ tree, lock, contents }: RuleContext, path: string): boolean {
  const size = tree.lookup(path)?.size;
  const alike = lock.packages
    .flatMap((it) => contents?.get(it.name) ?? [])
    .flatMap((files) =>
      [...files.entries()].filter((it) => it.type === 'file' && it.size === size).map((it) => files.read(it.path)),
    );
  return alike.some((bytes) => bytes.equals(tree.read(path)));
}
