/** A piece of a word: text, the value of a variable, or what only running tells. */
export type WordPart =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'variable';
      readonly name: string;
      /** Literal text of `${NAME:-text}`. */
      readonly fallback?: string;
      /** Its value is split into several words. */
      readonly splits?: boolean;
    }
  | { readonly kind: 'unknown' };

export interface ShellWord {
  readonly parts: readonly WordPart[];
  readonly line: number;
}

/** Something that must exist for a command to be run: a file's path, or a command that can be found. */
export interface ShellGuard {
  readonly kind: 'path' | 'command';
  readonly word: ShellWord;
}

export interface ShellCommand {
  /** Command name and arguments, at least one; redirections and assignments are left out. */
  readonly words: readonly ShellWord[];
  readonly line: number;
  readonly guards: readonly ShellGuard[];
  /** Whether some condition decides that it is run: a branch, a loop, `&&`, `||`. */
  readonly conditional: boolean;
  /** Name of the function whose body it stands in. */
  readonly inFunction?: string;
}

export interface ShellScript {
  readonly commands: ShellCommand[];
  /** Every value that the text gives a variable, loops included. */
  readonly assignments: Map<string, ShellWord[]>;
  readonly functions: Set<string>;
}

/** Text of a word without expansions; undefined for any other. */
export function literalOf(word: ShellWord | undefined): string | undefined {
  if (!word?.parts.every((part) => part.kind === 'text')) return undefined;
  return word.parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
}
