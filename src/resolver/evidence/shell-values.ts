import { literalOf, type ShellScript, type ShellWord } from '../../formats/shell/shell.ts';

/** Scripts of one run: the one that was started and what it reads with `.`. */
export interface ShellProgram {
  readonly scripts: readonly { readonly path: string; readonly script: ShellScript }[];
}

/** Values that variables are taken to have, such as a loop's in one of its turns. */
type Bindings = ReadonlyMap<string, string>;

const MAX_VALUES = 32;
const NONE: Bindings = new Map();

/**
 * Every text that a word can stand for as far as the scripts say: variables by what is assigned to them anywhere, values
 * split where the shell splits them. [] where that is not known.
 */
export function valuesOf(word: ShellWord, program: ShellProgram, bindings = NONE): string[] {
  const values = wholeValues(word, program, bindings, []);
  return splits(word) ? values.flatMap((value) => value.split(/\s+/)).filter(Boolean) : values;
}

/** Names that a command's first word can stand for: `$CLIENT` may hold a name and options behind it. */
export function commandNames(word: ShellWord, program: ShellProgram): string[] {
  const values = wholeValues(word, program, NONE, []);
  return [...new Set(splits(word) ? values.map((value) => value.trim().split(/\s+/)[0]!) : values)].filter(Boolean);
}

/** Names behind a folder that is not known: `$p/$NAME` gives what NAME can hold. [] where the folder is known, or the name is not. */
export function namesInSomeFolder(word: ShellWord, program: ShellProgram): string[] {
  const at = word.parts.findLastIndex((part) => part.kind === 'text' && part.text.includes('/'));
  const part = word.parts[at];
  if (at < 0 || part?.kind !== 'text' || valuesOf(word, program).length > 0) return [];
  const rest = { kind: 'text' as const, text: part.text.slice(part.text.lastIndexOf('/') + 1) };
  const names = wholeValues({ ...word, parts: [rest, ...word.parts.slice(at + 1)] }, program, NONE, []);
  return names.filter((name) => /^[\w.+-]+$/.test(name));
}

function splits(word: ShellWord): boolean {
  return word.parts.some((part) => part.kind === 'variable' && part.splits);
}

function wholeValues(word: ShellWord, program: ShellProgram, bindings: Bindings, seen: readonly string[]): string[] {
  let values = [''];
  for (const part of word.parts) {
    if (part.kind === 'unknown') return [];
    const choices =
      part.kind === 'text' ? [part.text] : variableValues(part.name, part.fallback, program, bindings, seen);
    values = values.flatMap((value) => choices.map((choice) => value + choice)).slice(0, MAX_VALUES);
  }
  return values;
}

function variableValues(
  name: string,
  fallback: string | undefined,
  program: ShellProgram,
  bindings: Bindings,
  seen: readonly string[],
): string[] {
  const bound = bindings.get(name);
  if (bound !== undefined) return [bound];
  if (seen.includes(name)) return [];
  const words = program.scripts.flatMap(({ script }) => script.assignments.get(name) ?? []);
  const assigned = words.slice(0, MAX_VALUES).flatMap((word) => {
    const values = wholeValues(word, program, bindings, [...seen, name]);
    return splits(word) ? values.flatMap((value) => value.split(/\s+/)) : values;
  });
  const values = [...new Set([...assigned, ...(fallback === undefined ? [] : [fallback])])];
  return values.filter((value) => value !== '').slice(0, MAX_VALUES);
}

/** What a word ends with whatever its variables are: `"$DIR/common.sh"` gives `/common.sh`. */
export function suffixOf(word: ShellWord): string | undefined {
  const last = word.parts.at(-1);
  if (last?.kind !== 'text' || word.parts.length < 2 || !last.text.includes('/')) return undefined;
  return last.text.slice(last.text.indexOf('/'));
}

/** Argument texts of a command; undefined for those that are not one known text. */
export function argumentsOf(
  words: readonly ShellWord[],
  program: ShellProgram,
  bindings = NONE,
): (string | undefined)[] {
  return words.map((word) => {
    const literal = literalOf(word);
    if (literal !== undefined) return literal;
    const values = valuesOf(word, program, bindings);
    return values.length === 1 ? values[0] : undefined;
  });
}

/** One binding for each value of each variable of the words that has several: the turns of the loops around them. */
export function turnsOf(words: readonly ShellWord[], program: ShellProgram): Bindings[] {
  let turns: Map<string, string>[] = [new Map()];
  const names = new Set(
    words.flatMap(({ parts }) => parts.flatMap((part) => (part.kind === 'variable' ? [part.name] : []))),
  );
  for (const name of names) {
    const values = variableValues(name, undefined, program, NONE, []);
    if (values.length < 2) continue;
    turns = turns.flatMap((turn) => values.map((value) => new Map([...turn, [name, value]]))).slice(0, MAX_VALUES * 8);
  }
  return turns;
}
