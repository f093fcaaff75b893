import { parseInterpreterLine } from '../../formats/shell/interpreter-line.ts';
import { commandPaths } from './path.ts';
import type { Rule } from './rule.ts';

/** The interpreter of a script's first line (execve(2)); with `env`, the program that env looks up. */
export const scriptInterpreter: Rule = {
  id: 'script-interpreter',
  explanation: 'a script is run by the interpreter of its first line',
  roles: ['run'],
  loads: true,
  *inspect({ path }, view) {
    const line = parseInterpreterLine(view.head(path).toString('latin1'));
    if (!line) return;
    const demand = { rule: this.id, by: path, line: 1, required: true, role: 'run', bring: true } as const;
    yield { ...demand, needs: line.interpreter, paths: [line.interpreter] };
    if (line.looksUp) yield { ...demand, needs: line.looksUp, paths: commandPaths(line.looksUp) };
  },
};
