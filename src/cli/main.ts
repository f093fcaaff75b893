import { CommanderError } from 'commander';
import { KilnError } from '../model/error.ts';
import type { Answer, CommandModule, Invocation } from './command.ts';
import { renderFault } from './faults.ts';
import { interruptible } from './interrupt.ts';
import { declareProgram, type GlobalOptions, loadCalled, usageFault } from './program.ts';
import { progressFor } from './progress.ts';
import { styleFor } from './style.ts';

/**
 * Runs one command line (without `node` and the script) and gives its exit status. Results go to standard output, all else
 * to standard error.
 */
export async function main(argv: readonly string[]): Promise<number> {
  endQuietlyWithoutReader();
  const json = argv.includes('--json');
  try {
    const called = await loadCalled(argv);
    let status = 0;
    const program = declareProgram(called, async (module, invocation, options) => {
      status = await execute(module, invocation, options);
    });
    try {
      await program.parseAsync(argv, { from: 'user' });
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error;
      // Who names no command wants to know which there are.
      if (error.code === 'commander.help' && !json) process.stderr.write(program.helpInformation());
      if (error.exitCode !== 0) throw usageFault(error, program, called?.name);
    }
    return status;
  } catch (error) {
    return fail(error, false, json);
  }
}

/** Runs one command to its end: prints what it came to, or what went wrong; gives the exit status. */
export async function execute(
  module: CommandModule,
  invocation: Pick<Invocation, 'args' | 'options'>,
  { json = false, quiet = false, home }: GlobalOptions,
): Promise<number> {
  const progress = progressFor(process.stderr, styleFor(process.stderr), quiet);
  const { signal, release } = interruptible((text) => progress.note(text));
  const kiln = openOnce({ home, progress, signal });
  try {
    const style = styleFor(process.stdout);
    const answer = await module.run({ ...invocation, kiln: kiln.open, progress, signal, style });
    progress.close();
    print(answer, json);
    return answer.status ?? 0;
  } catch (error) {
    progress.close();
    return fail(error, signal.aborted, json);
  } finally {
    release();
    await kiln.close();
  }
}

type Composed = Awaited<ReturnType<Invocation['kiln']>>;

function openOnce(options: { home?: string; progress: Invocation['progress']; signal: AbortSignal }) {
  let opened: Promise<Composed> | undefined;
  const open = (): Promise<Composed> => {
    opened ??= import('./compose.ts').then(({ composeLocal }) => composeLocal(options));
    return opened;
  };
  const close = async () => (await opened?.catch(() => undefined))?.close();
  return { open, close };
}

function print({ data, lines }: Answer, json: boolean): void {
  if (json) process.stdout.write(`${JSON.stringify(data, null, 2)}\n`);
  else if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
}

function fail(thrown: unknown, interrupted: boolean, json: boolean): number {
  const { status, lines, data } = renderFault(thrown, interrupted);
  process.stderr.write(`${lines.join('\n')}\n`);
  if (json) process.stdout.write(`${JSON.stringify(data, null, 2)}\n`);
  return status;
}

/** A reader that went away (`kiln images | head -1`) is no fault. */
function endQuietlyWithoutReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw new KilnError('REFUSED', `cannot write the result: ${error.message}`, { cause: error });
  });
  process.stderr.on('error', () => {});
}
