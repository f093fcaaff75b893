import type { ShellGuard, ShellScript, ShellWord } from './shell-script.ts';
import { type Cursor, newline, readWord, skipBlanks } from './shell-word.ts';

/** What a piece of script says about whether something exists, and whether it leaves the script. */
export interface Outcome {
  readonly guards: readonly ShellGuard[];
  readonly negated: boolean;
  readonly leaves: boolean;
  /** What must exist for all that comes after. */
  readonly later?: readonly ShellGuard[];
}

export interface Parser extends Cursor {
  readonly script: ShellScript;
  guards: readonly ShellGuard[];
  inFunction: string | undefined;
  /** Conditions around what is being read. */
  conditions: number;
  /** Parsers of text inside this one are this deep. */
  readonly depth: number;
  /** Reads commands up to a closing word or `)`. */
  list: () => Outcome;
  /** Reads one command, compound or simple. */
  command: () => Outcome;
}

/** A command that says nothing of what exists. */
export const NOTHING: Outcome = { guards: [], negated: false, leaves: false };

/** Steps over blanks and one line end; false where there is none. */
export function skipLines(parser: Parser): boolean {
  skipBlanks(parser);
  if (parser.text[parser.at] !== '\n') return false;
  newline(parser);
  return true;
}

/** Steps over blanks, line ends and semicolons. */
export function skipSeparators(parser: Parser): void {
  for (;;) {
    skipBlanks(parser);
    if (parser.text[parser.at] === '\n') newline(parser);
    else if (parser.text[parser.at] === ';') parser.at++;
    else return;
  }
}

/** Reads what runs only under a condition. */
export function conditionally<T>(parser: Parser, read: () => T): T {
  parser.conditions++;
  const value = read();
  parser.conditions--;
  return value;
}

/** Notes a simple command with what it hangs on. */
export function record(parser: Parser, words: readonly ShellWord[], line: number, guards: readonly ShellGuard[]): void {
  const { script, inFunction, conditions } = parser;
  const conditional = conditions > 0;
  script.commands.push({ words, line, guards, conditional, ...(inFunction === undefined ? {} : { inFunction }) });
}

/** Notes a value of a variable. */
export function assign({ script }: Parser, name: string, value: ShellWord): void {
  script.assignments.set(name, [...(script.assignments.get(name) ?? []), value]);
}

/** Reads `2>&1`, `< file`, `<<END` and their kind; false where there is none. */
export function readRedirection(parser: Parser): boolean {
  const match = /^(?:\d+|\{\w+\})?(&>>|&>|<<<|<<-|<<|<>|>>|>\||>&|<&|>|<)/.exec(
    parser.text.slice(parser.at, parser.at + 40),
  );
  if (!match || /^[<>]\(/.test(parser.text.slice(parser.at, parser.at + 2))) return false;
  parser.at += match[0].length;
  skipBlanks(parser);
  const start = parser.at;
  const word = readWord(parser);
  if (word && (match[1] === '<<' || match[1] === '<<-')) {
    const raw = parser.text.slice(start, parser.at);
    const end = word.parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
    parser.hereDocuments.push({ end, stripTabs: match[1] === '<<-', expands: !/['"\\]/.test(raw) });
  }
  return true;
}

/** The unquoted word ahead, as text; nothing is consumed. */
export function peekWord(parser: Parser): string {
  const ahead = parser.text.slice(parser.at, parser.at + 16);
  return /^(?:[a-z]+|[!{}])(?=[\s;&|()<>]|$)/.exec(ahead)?.[0] ?? '';
}

/** Steps over a reserved word where it is next. */
export function expect(parser: Parser, word: string): void {
  skipSeparators(parser);
  if (peekWord(parser) === word) parser.at += word.length;
}
