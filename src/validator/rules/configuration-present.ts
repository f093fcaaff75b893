import { z } from 'zod';
import { mergedPath } from '../../formats/tree/usr-merge.ts';
import { fitsAny } from '../glob.ts';
import { readOwners } from '../read/owners.ts';
import { answer, defineRule, notApplicable, type Observation, type RuleContext } from '../rule.ts';

/** What the spec lays into the image, and the configuration that the application's own packages ship in /etc, is there. */
export const configurationPresent = defineRule({
  id: 'configuration-present',
  title: 'the files of the spec and the configuration of the application’s packages are in the image',
  remedy: 'bake again; a file that is to be left out is named under minimize.remove',
  parameters: z.strictObject({
    allow: z.array(z.string()).default([]).describe('glob patterns of files that may be missing'),
  }),
  check(context, { allow }) {
    const { tree, spec } = context;
    const wanted = [...specFiles(context), ...packageFiles(context)];
    if (wanted.length === 0) return notApplicable('neither the spec nor the packages’ contents name a file');
    const free = [...allow, ...spec.minimize.remove];
    return answer(wanted.filter((it) => !fitsAny(it.file!, free) && !tree.lookup(it.file!)));
  },
});

function specFiles({ spec }: RuleContext): Observation[] {
  return spec.application.files.map(({ path }) => ({
    message: `application.files lays ${path} into the image, and it is not there`,
    file: mergedPath(path),
    seen: 'absent',
    wanted: 'present',
  }));
}

/** Files in /etc of the packages that the spec asks for, and of those made from the same sources. */
function packageFiles({ lock, contents, inventory }: RuleContext): Observation[] {
  const sources = new Map(lock.packages.map(({ name, source }) => [name, source.name]));
  const roots = new Set(inventory.image.roots.flatMap((name) => sources.get(name) ?? []));
  const whole = lock.packages.filter((it) => it.files === undefined && roots.has(it.source.name));
  return [...readOwners({ ...lock, packages: whole }, contents)]
    .filter(([path]) => path.startsWith('/etc/'))
    .map(([path, [owner]]) => ({
      message: `${path}, configuration of package ${owner}, is not in the image`,
      file: path,
      package: owner,
      seen: 'absent',
      wanted: 'present',
    }));
}
