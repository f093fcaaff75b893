import { commandPaths } from './path.ts';
import type { Rule } from './rule.ts';
import { isLanguageRuntime } from './runtimes.ts';
import type { View } from './view.ts';

/** Functions of the C library that start `/bin/sh` (POSIX.1-2017: system, popen, wordexp). */
const SHELL_FUNCTIONS = new Set(['system', 'popen', 'wordexp']);

/** `/bin/sh` for what imports system(3), popen(3) or wordexp(3). A language's runtime imports them for its scripts, which are read themselves. */
export const elfShell: Rule = {
  id: 'elf-shell',
  explanation: 'system, popen and wordexp of the C library run their commands by /bin/sh',
  roles: ['run', 'load'],
  *inspect({ path }, view) {
    const called = shellFunction(path, view);
    if (called === undefined) return;
    const demand = { rule: this.id, by: path, role: 'run', bring: true } as const;
    yield { ...demand, needs: `/bin/sh (imports ${called})`, required: true, paths: ['/usr/bin/sh'] };
  },
};

/** Commands that such a file names as a text with an option (`locale -a`), as handed to popen; prose does not read so. */
export const elfShellTexts: Rule = {
  id: 'elf-shell-texts',
  explanation: 'a file that runs commands by /bin/sh has this one as a text',
  roles: ['run', 'load'],
  likely: true,
  *inspect({ path }, view) {
    if (shellFunction(path, view) === undefined) return;
    for (const text of view.elfTexts(path)) {
      const name = /^([a-z][\w.+-]*) --?[A-Za-z]\S*( |$)/.exec(text)?.[1];
      if (name === undefined) continue;
      const demand = { rule: this.id, by: path, needs: text, required: false, quiet: true } as const;
      yield { ...demand, paths: commandPaths(name), role: 'run', bring: true };
    }
  },
};

function shellFunction(path: string, view: View): string | undefined {
  if (isLanguageRuntime(path)) return undefined;
  return view.elf(path)?.imports.find(({ name }) => SHELL_FUNCTIONS.has(name))?.name;
}
