import { z } from 'zod';
import type { Need } from '../../model/inventory.ts';
import { includeFix } from '../fixes.ts';
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
    unproven: z.boolean().default(false).describe('report also what the lock says that no package in its sources has'),
    allow: z.array(z.string()).default([]).describe('needs that may stay unmet'),
  }),
  check({ reachability, inventory, lock, providerOf }, { optional, unproven, allow }) {
    if (!reachability) return notApplicable('nobody asked what can run');
    const packages = new Map(inventory.files.map(({ path, package: owner }) => [path, owner]));
    // The lock has told whoever resolved it; baking again would not bring it.
    const known = ({ needs, rule, by }: Need) => lock.unproven.some((it) => it.startsWith(`${needs} (${rule}, ${by}`));
    const missing = reachability.missing
      .filter((need) => unproven || !known(need))
      .filter(
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
          fix: includeFix(needs, provider, lock),
        };
      }),
    );
  },
});
