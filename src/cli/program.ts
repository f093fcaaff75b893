import { readFileSync } from 'node:fs';
import { Command, type CommanderError } from 'commander';
import { nearestWord } from '../formats/text/nearest.ts';
import { KilnError } from '../model/error.ts';
import type { CommandModule, Invocation } from './command.ts';
import { COMMANDS } from './commands.ts';

export interface GlobalOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly home?: string;
}

export interface CalledCommand {
  readonly name: string;
  readonly module: CommandModule;
}

type Execute = (
  module: CommandModule,
  invocation: Pick<Invocation, 'args' | 'options'>,
  options: GlobalOptions,
) => Promise<void>;

/** The command that the line calls or asks help for; undefined where it names none. Throws USAGE for an unknown one. */
export async function loadCalled(argv: readonly string[]): Promise<CalledCommand | undefined> {
  const words = argv.filter((it, index) => !it.startsWith('-') && argv[index - 1] !== '--home');
  const name = words[0] === 'help' ? words[1] : words[0];
  if (name === undefined) return undefined;
  const entry = COMMANDS.find((it) => it.name === name);
  if (entry) return { name, module: await entry.load() };
  const names = COMMANDS.map((it) => it.name);
  const near = nearestWord(names, name);
  throw new KilnError('USAGE', `unknown command ${name}`, {
    hint: near ? `did you mean ${near}?` : `there is ${names.join(', ')}`,
  });
}

/** The whole command line: every command by name and summary, the called one with its arguments and options. */
export function declareProgram(called: CalledCommand | undefined, execute: Execute): Command {
  const program = strict(new Command('kiln'))
    .description('Bakes the smallest machine image that an application needs, proves it, and shares it.')
    .option('--json', 'print the result as JSON')
    .option('--quiet', 'say nothing but the result')
    .option('--home <folder>', 'where Kiln keeps its images and records (or KILN_HOME)')
    .version(version(), '--version', 'print the version')
    .helpCommand('help [command]', 'say how a command is used');
  for (const { name, summary, group } of COMMANDS) {
    const command = strict(program.command(name)).description(summary).helpGroup(group);
    if (name === called?.name) declareCommand(command, called.module, execute);
  }
  return program;
}

function declareCommand(command: Command, module: CommandModule, execute: Execute): void {
  module.declare(command);
  command.action(async () => {
    const { json, quiet, ...options } = command.optsWithGlobals();
    const home = options.home as string | undefined;
    await execute(module, { args: command.processedArgs, options }, { json, quiet, home });
  });
}

// Faults are thrown, so that they are rendered in one place.
function strict(command: Command): Command {
  return command
    .helpOption('-h, --help', 'say how it is used')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeErr() {} })
    .exitOverride();
}

/** What was wrong with a command line, with the nearest option where one is unknown. */
export function usageFault(error: CommanderError, program: Command, called: string | undefined): KilnError {
  const help = `kiln ${called ? `${called} ` : ''}--help says how it is used`;
  if (error.code === 'commander.help') return new KilnError('USAGE', 'no command is named', { hint: help });
  const message = error.message
    .replace(/^error: /, '')
    .replace(/\n?\(Did you mean .*\)$/, '')
    .replaceAll("'", '');
  const option = /^unknown option (--[^\s=]+)/.exec(message)?.[1];
  const command = program.commands.find((it) => it.name() === called);
  const known = [program, ...(command ? [command] : [])].flatMap((it) => it.options.map(({ long }) => long ?? ''));
  const near = option && nearestWord(known, option);
  return new KilnError('USAGE', message, { hint: near ? `did you mean ${near}?` : help });
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}
