import { parseInterpreterLine } from '../../formats/shell/interpreter-line.ts';
import {
  literalOf,
  parseShell,
  type ShellCommand,
  type ShellGuard,
  type ShellWord,
} from '../../formats/shell/shell.ts';
import { commandDemands, shellText } from './command.ts';
import { baseName, commandPaths, directoryOf, joinPath } from './path.ts';
import type { Context, Demand, Rule, Subject } from './rule.ts';
import { languageOf } from './runtimes.ts';
import { isBuiltin } from './shell-builtins.ts';
import { argumentsOf, commandNames, namesInSomeFolder, type ShellProgram, suffixOf, valuesOf } from './shell-values.ts';
import type { View } from './view.ts';

/** Commands of a shell script that is run, and of the files that it reads with `.`; unused functions do not count. */
export const shellCommands: Rule = {
  id: 'shell-commands',
  explanation: 'a shell script runs this command',
  roles: ['run', 'shell'],
  *inspect(subject, view) {
    const shell = shellOf(subject, view);
    if (shell === undefined) return;
    const text = view.text(subject.path) ?? '';
    const { argv: _, statedBy: __, ...context } = subject.context;
    yield* shellDemands({ path: subject.path, script: parseShell(text) }, shell, context, view);
  },
};

/** Name of the shell that runs a script; undefined for anything but a shell script. */
function shellOf({ path, role, context }: Subject, view: View): string | undefined {
  const line = parseInterpreterLine(view.head(path).toString('latin1'));
  const interpreter = line?.looksUp ?? line?.interpreter;
  if (interpreter !== undefined && languageOf(interpreter) === 'shell') return baseName(interpreter);
  return role === 'shell' && interpreter === undefined ? baseName(context.argv?.[0] ?? 'sh') : undefined;
}

/** What a shell text needs that stands in another file: `by` and `line` point there. */
export function* shellTextDemands(
  text: string,
  at: { by: string; line: number },
  context: Context,
  view: View,
): Iterable<Demand> {
  const { argv: _, statedBy: __, ...around } = context;
  yield* shellDemands({ path: at.by, script: parseShell(text, at.line) }, 'sh', around, view);
}

type Source = ShellProgram['scripts'][number];

function* shellDemands(start: Source, shell: string, context: Context, view: View): Iterable<Demand> {
  const program: { scripts: Source[] } = { scripts: [start] };
  // Grows while it is walked: a file that is read may read further ones.
  for (const source of program.scripts) {
    for (const demand of sourcedFiles(source, program, context, view)) {
      const path = view.trace(demand.paths[0] ?? '')?.entry.path;
      if (path !== undefined && !program.scripts.some((known) => known.path === path)) {
        program.scripts.push({ path, script: parseShell(view.text(path) ?? '') });
      }
      yield demand;
    }
  }
  const functions = new Set(program.scripts.flatMap(({ script }) => [...script.functions]));
  for (const { source, command } of reachableCommands(program, functions)) {
    yield* demandsOf(command, source, { program, functions, shell, context, view });
  }
}

/** Commands outside functions, and those in functions that they call, directly or not. */
function reachableCommands(
  program: ShellProgram,
  functions: ReadonlySet<string>,
): { source: Source; command: ShellCommand }[] {
  const all = program.scripts.flatMap((source) => source.script.commands.map((command) => ({ source, command })));
  const called = new Set<string>();
  for (let size = -1; size !== called.size; ) {
    size = called.size;
    for (const { command } of all) {
      if (command.inFunction !== undefined && !called.has(command.inFunction)) continue;
      for (const name of namesCalled(command, functions, program)) called.add(name);
    }
  }
  return all.filter(({ command }) => command.inFunction === undefined || called.has(command.inFunction));
}

/** Functions that a command may call; `do_$1` may be any whose name begins so, and an argument may name one (`trap f EXIT`). */
function namesCalled({ words }: ShellCommand, functions: ReadonlySet<string>, program: ShellProgram): string[] {
  const [first] = words;
  const prefix = first!.parts[0]?.kind === 'text' ? first!.parts[0].text : '';
  if (literalOf(first) === undefined && prefix !== '') return [...functions].filter((name) => name.startsWith(prefix));
  return words
    .flatMap((word) => valuesOf(word, program))
    .flatMap((text) => text.split(/[\s;]+/))
    .filter((name) => functions.has(name));
}

function* sourcedFiles(
  { path, script }: Source,
  program: ShellProgram,
  context: Context,
  view: View,
): Iterable<Demand> {
  for (const command of script.commands) {
    const name = literalOf(command.words[0]);
    const [, word] = command.words;
    if ((name !== '.' && name !== 'source') || !word) continue;
    const values = valuesOf(word, program).map((text) =>
      text.includes('/') ? joinPath(context.workingDirectory ?? '/', text) : text,
    );
    const suffix = suffixOf(word);
    const near = suffix === undefined ? [] : view.named(baseName(suffix)).filter((it) => it.endsWith(suffix));
    const demand = { rule: 'shell-commands', by: path, line: command.line, role: 'data', bring: true } as const;
    const guarded = command.guards.length > 0 || command.conditional || values.length === 0;
    for (const text of values.length > 0 ? values : near) {
      const paths = text.includes('/') ? [text] : [joinPath(directoryOf(path), text), ...commandPaths(text)];
      yield {
        ...demand,
        needs: text,
        paths,
        required: !guarded,
        bring: values.length > 0,
        // `test -x "$DAEMON" || exit 0` stands above all that comes after it.
        onlyIf: guardPaths(command.guards, program),
        quiet: isMadeWhileRunning(text),
      };
    }
  }
}

interface Surroundings {
  readonly program: ShellProgram;
  readonly functions: ReadonlySet<string>;
  readonly shell: string;
  readonly context: Context;
  readonly view: View;
}

function* demandsOf(command: ShellCommand, source: Source, around: Surroundings): Iterable<Demand> {
  const { program, functions, shell, context, view } = around;
  const names = commandNames(command.words[0]!, program);
  const rest = argumentsOf(command.words.slice(1), program);
  const onlyIf = guardPaths(command.guards, program);
  for (const name of names) {
    if (functions.has(name)) continue;
    const certain =
      names.length === 1 && onlyIf.length === 0 && !command.conditional && command.inFunction === undefined;
    const demand = {
      rule: 'shell-commands',
      by: source.path,
      line: command.line,
      required: certain,
      bring: true,
      onlyIf,
    };
    const argv = [name, ...rest];
    const text = name === 'eval' || name === 'trap' ? rest[0] : shellText(argv);
    if (text !== undefined && name !== 'trap')
      yield* shellTextDemands(text, { by: source.path, line: command.line }, context, view);
    if (!isBuiltin(shell, name)) yield* commandDemands(argv, demand, context);
    else if (name === 'exec' || name === 'command' || name === 'builtin') {
      for (const inner of commandDemands(argv, demand, context)) {
        if (inner.needs !== name && !isBuiltin(shell, inner.needs) && !functions.has(inner.needs)) yield inner;
      }
    }
    yield* lookedUp(name, rest, demand);
  }
  for (const name of namesInSomeFolder(startedWord(command), program)) {
    // Where it looks for the program is not in the text; one of the name that is in is meant.
    const paths = [...commandPaths(name), ...view.named(name)];
    const demand = { rule: 'shell-commands', by: source.path, line: command.line, required: false, quiet: true };
    yield { ...demand, needs: name, paths, role: 'run', bring: false, onlyIf, context };
  }
}

/** The word that names the program: behind `exec` and its kind, or a shell, the first that is neither an option nor an assignment. */
function startedWord({ words }: ShellCommand): ShellWord {
  const first = words[0]!;
  const [variable] = first.parts;
  const isShell = first.parts.length === 1 && variable?.kind === 'variable' && /^(CONFIG_)?SHELL$/.test(variable.name);
  const starter = /^(exec|command|nohup|setsid|nice|env|(\/bin\/)?(ba|da)?sh)$/;
  if (!isShell && !starter.test(literalOf(first) ?? '')) return first;
  return words.slice(1).find((word) => !/^-|^\w+=/.test(literalOf(word) ?? '')) ?? first;
}

/** `command -v NAME` and `[ -x PATH ]` do not need what they ask for; it counts as used where it is. */
function* lookedUp(
  name: string,
  rest: readonly (string | undefined)[],
  demand: Omit<Demand, 'needs' | 'paths' | 'role'>,
): Iterable<Demand> {
  const asked =
    name === 'command' && /^-[vV]$/.test(rest[0] ?? '') ? rest[1] : /^(which|type)$/.test(name) ? rest[0] : undefined;
  if (!asked || asked.startsWith('-')) return;
  yield {
    ...demand,
    needs: asked,
    paths: commandPaths(asked),
    role: 'run',
    required: false,
    bring: false,
    quiet: true,
  };
}

/** For each guard the places of which one must be in; guards on what only running makes are none. */
function guardPaths(guards: readonly ShellGuard[], program: ShellProgram): string[][] {
  return guards.flatMap(({ kind, word }) => {
    const values = valuesOf(word, program).filter((text) => kind === 'command' || text.startsWith('/'));
    if (values.length === 0 || values.some(isMadeWhileRunning)) return [];
    return [values.flatMap((text) => (kind === 'command' ? commandPaths(text) : [text]))];
  });
}

/** Folders whose contents no package ships. */
function isMadeWhileRunning(path: string): boolean {
  return /^\/(run|tmp|var|proc|sys|dev|home|root|mnt|media)(\/|$)/.test(path);
}
