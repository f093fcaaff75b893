import type { ScriptCommand } from '../../formats/language/perl-imports.ts';
import { parseInterpreterLine } from '../../formats/shell/interpreter-line.ts';
import { commandPaths } from './path.ts';
import type { Context, Demand, Subject } from './rule.ts';
import { type Language, languageOf } from './runtimes.ts';
import { shellTextDemands } from './shell-commands.ts';
import type { View } from './view.ts';

/** Text of a script or module of a language; undefined for a file of another, or none. */
export function sourceOf(language: Language, { path, role }: Subject, view: View): string | undefined {
  if (role === language) return view.text(path);
  const line = parseInterpreterLine(view.head(path).toString('latin1'));
  const interpreter = line?.looksUp ?? line?.interpreter;
  return interpreter !== undefined && languageOf(interpreter) === language ? view.text(path) : undefined;
}

/**
 * Programs that a source starts. A language's own library offers to run many things: what it names is not brought back
 * for that, only what an application's code names.
 */
export function* scriptCommandDemands(
  commands: readonly ScriptCommand[],
  at: { rule: string; by: string; isLibrary: boolean },
  context: Context,
  view: View,
): Iterable<Demand> {
  for (const command of commands) {
    const demand = {
      rule: at.rule,
      by: at.by,
      line: command.line,
      role: 'run',
      // Which of its calls a program reaches is not in its text.
      required: false,
      bring: !at.isLibrary,
      quiet: at.isLibrary,
    } as const;
    if (command.byShell) yield { ...demand, needs: '/bin/sh', paths: ['/usr/bin/sh'] };
    if (command.text !== undefined && !at.isLibrary) {
      // As above: the text may stand where this program never comes, such as below `if WINDOWS`.
      const wanted = { ...context, wanted: true };
      for (const found of shellTextDemands(command.text, { by: at.by, line: command.line }, wanted, view)) {
        yield { ...found, required: false };
      }
    } else {
      const argv = [command.program];
      yield { ...demand, needs: command.program, paths: commandPaths(command.program), context: { argv } };
    }
  }
}
