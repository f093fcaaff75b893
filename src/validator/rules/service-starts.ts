import { z } from 'zod';
import type { FileEntry } from '../../model/file-tree.ts';
import { blockedAt, may, serviceCredentials } from '../access.ts';
import { includeFix } from '../fixes.ts';
import { findProgram } from '../programs.ts';
import { answer, defineRule, notApplicable, type Observation } from '../rule.ts';

/** The program that is the application is in the image, and its user may execute it. */
export const serviceStarts = defineRule({
  id: 'service-starts',
  title: 'the application’s program is in the image, and the user that runs it may execute it',
  remedy: 'correct application.run in the spec, or include the package that has the program',
  parameters: z.strictObject({}),
  check({ tree, inventory, lock, providerOf }) {
    const { command, user } = inventory.service;
    const program = command[0];
    if (program === undefined) return notApplicable('the unit states no command');
    const entry = findProgram(tree, program);
    if (!entry) {
      const there = tree.resolve(program);
      const provider = providerOf(program);
      return answer([
        {
          message: `the application’s program ${program} ${there ? 'is not an executable file' : 'is not in the image'}`,
          file: program,
          seen: there ? describe(there) : 'absent',
          wanted: 'an executable file',
          mend: provider && `package ${provider} has it`,
          fix: there ? undefined : includeFix(program, provider, lock),
        },
      ]);
    }
    const who = serviceCredentials(inventory);
    // A user that does not exist is what users-and-groups reports; set-up steps of a unit run as root.
    if (!who) return { outcome: 'compliant' };
    const blocked = blockedAt(tree, who, entry.path);
    const findings: Observation[] = [];
    if (blocked !== undefined)
      findings.push({
        message: `user ${user} may not enter ${blocked}, on the way to ${entry.path}`,
        file: blocked,
        seen: describe(tree.resolve(blocked)!),
        wanted: 'search for others',
      });
    else if (!may(who, entry, 1))
      findings.push({
        message: `user ${user} may not execute ${entry.path}`,
        file: entry.path,
        seen: describe(entry),
        wanted: 'execute for others',
      });
    return answer(findings);
  },
});

function describe({ type, mode, uid, gid }: FileEntry): string {
  return `${type}, mode ${mode.toString(8).padStart(4, '0')}, owner ${uid}:${gid}`;
}
