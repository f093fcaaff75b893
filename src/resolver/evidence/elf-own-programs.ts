import { programsOfPackage, startsPrograms } from './elf-executables.ts';
import type { Rule } from './rule.ts';

/** A name behind a folder that only running shows: `%s/post-script`, `/post-script`. */
const IN_SOME_FOLDER = /^(?:%s)?\/([\w.+-]{3,64})$/;

/** Programs of its own package that an ELF file which imports exec names, and whose folder it puts in front itself. */
export const elfOwnPrograms: Rule = {
  id: 'elf-own-programs',
  explanation: 'a file that can start programs names this one of its package',
  roles: ['run'],
  *inspect({ path }, view) {
    if (!startsPrograms(path, view)) return;
    for (const text of view.elfTexts(path)) {
      const name = IN_SOME_FOLDER.exec(text)?.[1];
      if (name === undefined) continue;
      const demand = { rule: this.id, by: path, needs: text, required: false, role: 'run', bring: false } as const;
      for (const place of programsOfPackage(name, path, view)) yield { ...demand, paths: [place], quiet: true };
    }
  },
};
