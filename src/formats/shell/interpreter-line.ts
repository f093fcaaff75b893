export interface InterpreterLine {
  /** Absolute path of the program that the kernel starts. */
  readonly interpreter: string;
  /** Name or path that `env` looks up in turn. */
  readonly looksUp?: string;
  readonly arguments: readonly string[];
}

/** The `#!` line of a script (execve(2)); undefined where the text does not begin with one. */
export function parseInterpreterLine(text: string): InterpreterLine | undefined {
  const match = /^#![ \t]*(\/\S+)[ \t]*([^\n]*)/.exec(text);
  if (!match) return undefined;
  const interpreter = match[1]!;
  const words = match[2]!.trim().split(/\s+/).filter(Boolean);
  if (!/\/env$/.test(interpreter)) return { interpreter, arguments: words };
  const looksUp = words.find((word) => !word.startsWith('-') && !word.includes('='));
  return { interpreter, arguments: words.slice(words.indexOf(looksUp ?? '') + 1), ...(looksUp ? { looksUp } : {}) };
}
