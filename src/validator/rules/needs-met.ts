import { z } from 'zod';
import { answer, defineRule, notApplicable } from '../rule.ts';

/** What is judged in more detail by a rule of its own, by the start of the evidence rule's identifier. */
const JUDGED_ELSEWHERE = [
  'elf-interpreter',
  'elf-libraries',
  'elf-needed',
  'script-interpreter',
  'unit-command',
  'pam',
];

/** What the evidence rules know that running needs (commands in scripts, modules that a program imports, plugins that configuration names) is in the image. */
export const needsMet = defineRule({
  id: 'needs-met',
  title: 'what the programs that can run are known to need is in the image',
  remedy: 'resolve again, or name what is missing under resolution.includeFiles in the spec',
  parameters: z.strictObject({
    optional: z.boolean().default(false).describe('report also what may be needed and is not proven to be'),
    allow: z.array(z.string()).default([]).describe('needs that may stay unmet'),
  }),
  check({ reachability, inventory, providerOf }, { optional, allow }) {
    if (!reachability) return notApplicable('nobody asked what can run');
    const packages = new Map(inventory.files.map(({ path, package: owner }) => [path, owner]));
    const missing = reachability.missing.filter(
      ({ rule, required, needs }) =>
        (required || optional) && !allow.includes(needs) && !JUDGED_ELSEWHERE.some((start) => rule.startsWith(start)),
    );
    return answer(
      missing.map(({ rule, by, needs, line }) => {
        const provider = providerOf(needs);
        return {
          message: `${by}${line === undefined ? '' : ` line ${line}`} needs ${needs} (${rule}), which is not in the image`,
          file: by,
          package: packages.get(by) || undefined,
          seen: 'absent',
          wanted: needs,
          mend: provider && `package ${provider} has it`,
        };
      }),
    );
  },
});
