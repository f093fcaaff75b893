import { z } from 'zod';
import { includeFix } from '../fixes.ts';
import { findProgram } from '../programs.ts';
import { answer, defineRule, notApplicable, type Observation } from '../rule.ts';

/** Each script that can run finds its interpreter (execve(2)). */
export const scriptInterpreters = defineRule({
  id: 'script-interpreters',
  title: 'each script that can run finds its interpreter in the image',
  remedy: 'resolve again, or name the interpreter under resolution.includeFiles in the spec',
  parameters: z.strictObject({}),
  check({ tree, inventory, lock, providerOf }) {
    const executable = new Set(inventory.files.filter((it) => it.executable).map((it) => it.path));
    const scripts = inventory.scripts.filter((it) => it.reachable && executable.has(it.path));
    if (scripts.length === 0) return notApplicable('no script in the image can run');
    return answer(
      scripts.flatMap((script): Observation[] => {
        const lost = [script.interpreter, script.command].find(
          (program) => program !== '' && !findProgram(tree, program),
        );
        if (lost === undefined) return [];
        const provider = providerOf(lost);
        return [
          {
            message: `${script.path} is run by ${lost}, which is not in the image`,
            file: script.path,
            package: script.package || undefined,
            seen: 'absent',
            wanted: lost,
            mend: provider && `package ${provider} has it`,
            fix: includeFix(lost, provider, lock),
          },
        ];
      }),
    );
  },
});
