import { NOTHING, type Outcome } from './shell-parser.ts';
import { literalOf, type ShellGuard, type ShellWord } from './shell-script.ts';

const LEAVE = new Set(['exit', 'return', 'continue', 'break', 'exec']);

/** What a simple command says of what exists: `[ -x … ]`, `command -v …`, `exit`. */
export function outcomeOf(words: readonly ShellWord[]): Outcome {
  const name = literalOf(words[0]) ?? '';
  if (['command', 'which', 'type', 'hash'].includes(name)) return lookedUp(name, words);
  if (['[', 'test', '[['].includes(name)) return tested(words);
  return { ...NOTHING, leaves: LEAVE.has(name) };
}

function lookedUp(name: string, words: readonly ShellWord[]): Outcome {
  if (name === 'command' && !/^-[vV]$/.test(literalOf(words[1]) ?? '')) return NOTHING;
  const asked = words.slice(1).filter((word) => !literalOf(word)?.startsWith('-'));
  return { ...NOTHING, guards: asked.map((word) => ({ kind: 'command', word })) };
}

/** Files that a test asks for. */
export function tested(words: readonly ShellWord[]): Outcome {
  const texts = words.map((word) => literalOf(word));
  if (texts.includes('-o') || texts.includes('||')) return NOTHING;
  const guards = words.flatMap((word, index): ShellGuard[] =>
    /^-[xefrs]$/.test(texts[index - 1] ?? '') ? [{ kind: 'path', word }] : [],
  );
  return { guards, negated: texts[1] === '!', leaves: false };
}
