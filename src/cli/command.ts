import type { Command as Commander } from 'commander';
import type { LocalKiln } from './compose.ts';
import type { CommandProgress } from './progress.ts';
import type { Style } from './style.ts';

/** What a command is given besides its own arguments and options. */
export interface Invocation {
  /** Arguments in the order in which the command declares them; those left out are undefined. */
  readonly args: readonly (string | undefined)[];
  readonly options: Readonly<Record<string, unknown>>;
  /** Kiln on this machine, put together when first asked for. */
  readonly kiln: () => Promise<LocalKiln>;
  readonly progress: CommandProgress;
  readonly style: Style;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** What a command came to: data for `--json`, lines for people. */
export interface Answer {
  readonly data: unknown;
  readonly lines: readonly string[];
  /** Exit status; default 0. */
  readonly status?: number;
}

/** One command: how it is called, and what it does. It prints nothing itself, but to `progress`. */
export interface CommandModule {
  declare(command: Commander): void;
  run(invocation: Invocation): Promise<Answer>;
}

/** A list as the command line has it: names with commas between them. */
export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((it) => it.trim())
    .filter((it) => it !== '');
}

/** A result that was refused: exit status 1, the reason, and what to do. */
export function refused(data: unknown, reason: string, hint?: string): Answer {
  return { data, lines: [`refused: ${reason}`, ...(hint ? [`  hint: ${hint}`] : [])], status: 1 };
}
