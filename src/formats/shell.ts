import type { ShellGuard, ShellScript, ShellWord, WordPart } from './shell-script.ts';
import { literalOf } from './shell-script.ts';
import { type Cursor, cursorAt, MAX_NESTING, newline, readBalanced, readWord, skipBlanks } from './shell-word.ts';

export type { ShellCommand, ShellGuard, ShellScript, ShellWord, WordPart } from './shell-script.ts';
export { literalOf } from './shell-script.ts';

/** What a piece of script says about whether something exists, and whether it leaves the script. */
interface Outcome {
  readonly guards: readonly ShellGuard[];
  readonly negated: boolean;
  readonly leaves: boolean;
  /** What must exist for all that comes after. */
  readonly later?: readonly ShellGuard[];
}

interface Parser extends Cursor {
  readonly script: ShellScript;
  guards: readonly ShellGuard[];
  inFunction: string | undefined;
  /** Conditions around what is being read. */
  conditions: number;
  /** Parsers of text inside this one are this deep. */
  readonly depth: number;
}

const NOTHING: Outcome = { guards: [], negated: false, leaves: false };
const MAX_DEPTH = 40;
const CLOSERS = new Set(['then', 'else', 'elif', 'fi', 'do', 'done', 'esac', '}', 'in']);
const LEAVE = new Set(['exit', 'return', 'continue', 'break', 'exec']);
const DECLARES = new Set(['export', 'local', 'readonly', 'declare', 'typeset']);

/**
 * Simple commands of a shell script (POSIX.1-2017, Shell Command Language, and bash's common additions), with those in
 * substitutions, here-documents and function bodies. Never throws: text that is no shell gives what could be read.
 */
export function parseShell(text: string, firstLine = 1): ShellScript {
  const script: ShellScript = { commands: [], assignments: new Map(), functions: new Set() };
  parseInto(script, text, firstLine, { guards: [], inFunction: undefined, conditions: 0, depth: 0 });
  return script;
}

type Surroundings = Pick<Parser, 'guards' | 'inFunction' | 'conditions' | 'depth'>;

function parseInto(script: ShellScript, text: string, line: number, around: Surroundings): void {
  if (around.depth > MAX_DEPTH) return;
  const parser: Parser = { ...cursorAt(text, line), script, ...around, nested: () => {}, nestedHere: () => {} };
  parser.nested = (inner, at) => {
    const { guards, inFunction, conditions, depth } = parser;
    parseInto(script, inner, at, { guards, inFunction, conditions, depth: depth + 1 });
  };
  parser.nestedHere = () => nestedHere(parser);
  while (parser.at < text.length) {
    const before = parser.at;
    parseList(parser);
    // A stray `)`, `done` or `;;`: step over it and go on.
    if (parser.at === before) parser.at++;
  }
}

/** A `$(…)`: its commands are read in place, since only that tells where it ends. */
function nestedHere(parser: Parser): void {
  const { guards } = parser;
  parseList(parser);
  if (parser.text[parser.at] === ')') parser.at++;
  parser.guards = guards;
}

/** Commands up to a closing word or `)`; guards that a command sets hold for those after it. */
function parseList(parser: Parser): Outcome {
  const { guards } = parser;
  let last = NOTHING;
  if (++parser.nesting > MAX_NESTING) parser.at = parser.text.length;
  while (skipToCommand(parser)) {
    const before = parser.at;
    last = parseAndOr(parser);
    if (parser.at === before) break;
  }
  parser.guards = guards;
  parser.nesting--;
  return last;
}

function skipToCommand(parser: Parser): boolean {
  for (;;) {
    skipBlanks(parser);
    const char = parser.text[parser.at];
    if (char === undefined || char === ')') return false;
    if (char === '\n') newline(parser);
    else if (parser.text.startsWith(';;', parser.at) || parser.text.startsWith(';&', parser.at)) return false;
    else if (char === ';' || char === '&') parser.at++;
    else return !CLOSERS.has(peekWord(parser));
  }
}

function parseAndOr(parser: Parser): Outcome {
  const outer = parser.guards;
  let last = parsePipeline(parser);
  let sum: readonly ShellGuard[] = last.negated ? [] : last.guards;
  let fallsBack = false;
  for (;;) {
    skipBlanks(parser);
    const operator = parser.text.slice(parser.at, parser.at + 2);
    if (operator !== '&&' && operator !== '||') break;
    parser.at += 2;
    while (skipLines(parser));
    // `test || leave` makes the test a guard of all that follows; `! test && leave` too.
    const stays = operator === '||' ? !last.negated : last.negated;
    const left = last;
    const inner = parser.guards;
    if ((operator === '&&') === !left.negated) parser.guards = [...inner, ...left.guards];
    last = conditionally(parser, () => parsePipeline(parser));
    parser.guards = (operator === '&&') === !left.negated ? parser.guards : inner;
    if (stays && last.leaves) {
      parser.guards = [...outer, ...left.guards];
      return { guards: left.guards, negated: false, leaves: false };
    }
    if (operator === '||') fallsBack = true;
    if (!last.negated) sum = [...sum, ...last.guards];
  }
  parser.guards = [...outer, ...(last.later ?? [])];
  return {
    guards: fallsBack ? [] : last.negated ? last.guards : sum,
    negated: last.negated && !fallsBack,
    leaves: last.leaves,
  };
}

function skipLines(parser: Parser): boolean {
  skipBlanks(parser);
  if (parser.text[parser.at] !== '\n') return false;
  newline(parser);
  return true;
}

function parsePipeline(parser: Parser): Outcome {
  let negated = false;
  for (let word = peekWord(parser); word === '!' || word === 'time'; word = peekWord(parser)) {
    negated = negated !== (word === '!');
    parser.at += word.length;
    skipBlanks(parser);
  }
  let outcome = parseCommand(parser);
  for (;;) {
    skipBlanks(parser);
    if (parser.text[parser.at] !== '|' || parser.text[parser.at + 1] === '|') break;
    parser.at += parser.text[parser.at + 1] === '&' ? 2 : 1;
    while (skipLines(parser));
    outcome = { ...parseCommand(parser), guards: [], leaves: false };
  }
  return { ...outcome, negated: outcome.negated !== negated };
}

const COMPOUND: Readonly<Record<string, (parser: Parser) => Outcome>> = {
  if: parseIf,
  while: parseLoop,
  until: parseLoop,
  for: parseFor,
  select: parseFor,
  case: parseCase,
  function: parseFunctionWord,
  '{': parseGroup,
};

function parseCommand(parser: Parser): Outcome {
  skipBlanks(parser);
  if (parser.text.startsWith('((', parser.at)) return after(parser, skipArithmetic);
  if (parser.text[parser.at] === '(') return after(parser, parseSubshell);
  if (/^\[\[\s/.test(parser.text.slice(parser.at, parser.at + 3))) return after(parser, parseTest);
  const word = peekWord(parser);
  const compound = Object.hasOwn(COMPOUND, word) ? COMPOUND[word] : undefined;
  if (!compound) return parseSimple(parser);
  parser.at += word.length;
  return after(parser, compound);
}

/** A compound command and the redirections behind it. */
function after(parser: Parser, parse: (parser: Parser) => Outcome): Outcome {
  const outcome = parse(parser);
  for (skipBlanks(parser); readRedirection(parser); skipBlanks(parser));
  return outcome;
}

/** bash's `[[ … ]]`, in which `&&`, `<` and `(` are operators of the test. */
function parseTest(parser: Parser): Outcome {
  const words: ShellWord[] = [];
  const { line, guards } = parser;
  while (parser.at < parser.text.length && literalOf(words.at(-1)) !== ']]') {
    while (skipLines(parser));
    const operator = /^(?:&&|\|\||[()<>&|;])/.exec(parser.text.slice(parser.at, parser.at + 2))?.[0];
    if (operator) parser.at += operator.length;
    const word = operator
      ? { parts: [{ kind: 'text' as const, text: operator }], line: parser.line }
      : readWord(parser);
    if (!word) break;
    words.push(word);
  }
  record(parser, words, line, guards);
  return tested(words);
}

function skipArithmetic(parser: Parser): Outcome {
  parser.at += 1;
  readBalanced(parser, '(', ')');
  return NOTHING;
}

function parseSubshell(parser: Parser): Outcome {
  parser.at++;
  const outcome = parseList(parser);
  if (parser.text[parser.at] === ')') parser.at++;
  return { ...outcome, leaves: false };
}

function parseGroup(parser: Parser): Outcome {
  const outcome = parseList(parser);
  expect(parser, '}');
  return outcome;
}

function parseIf(parser: Parser): Outcome {
  const outer = parser.guards;
  const condition = parseList(parser);
  expect(parser, 'then');
  parser.guards = condition.negated ? outer : [...outer, ...condition.guards];
  const then = conditionally(parser, () => parseList(parser));
  parser.guards = condition.negated ? [...outer, ...condition.guards] : outer;
  if (peekWord(parser) === 'elif') {
    parser.at += 4;
    conditionally(parser, () => parseIf(parser));
  } else {
    if (peekWord(parser) === 'else') {
      parser.at += 4;
      conditionally(parser, () => parseList(parser));
    }
    expect(parser, 'fi');
  }
  parser.guards = outer;
  // `if ! test; then exit; fi` says the same as `test || exit`.
  return condition.negated && then.leaves ? { ...NOTHING, later: condition.guards } : NOTHING;
}

function parseLoop(parser: Parser): Outcome {
  const outer = parser.guards;
  const condition = parseList(parser);
  if (!condition.negated) parser.guards = [...outer, ...condition.guards];
  parseBody(parser);
  parser.guards = outer;
  return NOTHING;
}

function parseBody(parser: Parser): void {
  expect(parser, 'do');
  conditionally(parser, () => parseList(parser));
  expect(parser, 'done');
}

function parseFor(parser: Parser): Outcome {
  skipBlanks(parser);
  if (parser.text.startsWith('((', parser.at)) skipArithmetic(parser);
  else {
    const name = literalOf(readWord(parser)) ?? '';
    while (skipLines(parser));
    if (peekWord(parser) === 'in') {
      parser.at += 2;
      for (skipBlanks(parser); !/^[\n;&|)]/.test(parser.text.slice(parser.at, parser.at + 1)); skipBlanks(parser)) {
        const value = readWord(parser);
        if (!value) break;
        assign(parser, name, value);
      }
    }
  }
  skipSeparators(parser);
  if (peekWord(parser) === '{') {
    parser.at++;
    return parseGroup(parser);
  }
  parseBody(parser);
  return NOTHING;
}

function skipSeparators(parser: Parser): void {
  for (;;) {
    skipBlanks(parser);
    if (parser.text[parser.at] === '\n') newline(parser);
    else if (parser.text[parser.at] === ';') parser.at++;
    else return;
  }
}

function parseCase(parser: Parser): Outcome {
  skipBlanks(parser);
  readWord(parser);
  skipSeparators(parser);
  expect(parser, 'in');
  for (;;) {
    skipSeparators(parser);
    if (parser.at >= parser.text.length) return NOTHING;
    if (peekWord(parser) === 'esac') break;
    if (!skipPattern(parser)) return NOTHING;
    conditionally(parser, () => parseList(parser));
    parser.at += /^;;?&?/.exec(parser.text.slice(parser.at, parser.at + 3))?.[0].length ?? 0;
  }
  expect(parser, 'esac');
  return NOTHING;
}

/** `(a | b)` of a case branch, its `(` optional; false where there is no pattern. */
function skipPattern(parser: Parser): boolean {
  if (parser.text[parser.at] === '(') parser.at++;
  for (;;) {
    skipBlanks(parser);
    const char = parser.text[parser.at];
    if (char === ')') {
      parser.at++;
      return true;
    }
    if (char === '|') parser.at++;
    else if (!readWord(parser)) return false;
  }
}

function parseFunctionWord(parser: Parser): Outcome {
  skipBlanks(parser);
  const name = literalOf(readWord(parser)) ?? '';
  skipBlanks(parser);
  if (parser.text[parser.at] === '(') readBalanced(parser, '(', ')');
  return parseFunctionBody(parser, name);
}

function parseFunctionBody(parser: Parser, name: string): Outcome {
  while (skipLines(parser));
  parser.script.functions.add(name);
  const { inFunction, guards } = parser;
  parser.inFunction = name;
  parser.guards = [];
  parseCommand(parser);
  parser.inFunction = inFunction;
  parser.guards = guards;
  return NOTHING;
}

/** Reads what runs only under a condition. */
function conditionally<T>(parser: Parser, read: () => T): T {
  parser.conditions++;
  const value = read();
  parser.conditions--;
  return value;
}

function parseSimple(parser: Parser): Outcome {
  const words: ShellWord[] = [];
  const { line } = parser;
  const names: [string, ShellWord][] = [];
  for (skipBlanks(parser); ; skipBlanks(parser)) {
    if (readRedirection(parser)) continue;
    const word = readWord(parser);
    if (!word) break;
    const name = words.length === 0 || DECLARES.has(literalOf(words[0]) ?? '') ? assignmentOf(word) : undefined;
    if (name) names.push(name);
    else words.push(word);
    if (words.length === 1 && !name && /^\(\s*\)/.test(parser.text.slice(parser.at).trimStart().slice(0, 20))) {
      parser.at = parser.text.indexOf(')', parser.at) + 1;
      return parseFunctionBody(parser, literalOf(word) ?? '');
    }
  }
  for (const [name, value] of names) assign(parser, name, { ...value, parts: value.parts.map(unsplit) });
  if (words.length === 0) return NOTHING;
  record(parser, words, line, parser.guards);
  return outcomeOf(words);
}

function record(parser: Parser, words: readonly ShellWord[], line: number, guards: readonly ShellGuard[]): void {
  const { script, inFunction, conditions } = parser;
  const conditional = conditions > 0;
  script.commands.push({ words, line, guards, conditional, ...(inFunction === undefined ? {} : { inFunction }) });
}

function outcomeOf(words: readonly ShellWord[]): Outcome {
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

function tested(words: readonly ShellWord[]): Outcome {
  const texts = words.map((word) => literalOf(word));
  if (texts.includes('-o') || texts.includes('||')) return NOTHING;
  const guards = words.flatMap((word, index): ShellGuard[] =>
    /^-[xefrs]$/.test(texts[index - 1] ?? '') ? [{ kind: 'path', word }] : [],
  );
  return { guards, negated: texts[1] === '!', leaves: false };
}

/** Name and value of `NAME=value`; undefined for any other word. */
function assignmentOf(word: ShellWord): [string, ShellWord] | undefined {
  const [first, ...rest] = word.parts;
  const match = first?.kind === 'text' ? /^([A-Za-z_]\w*)(?:\[[^\]]*\])?\+?=/.exec(first.text) : undefined;
  if (!match || first?.kind !== 'text') return undefined;
  const text = first.text.slice(match[0].length);
  return [match[1]!, { ...word, parts: text === '' ? rest : [{ kind: 'text', text }, ...rest] }];
}

/** The value of an assignment is one word whatever it holds. */
function unsplit(part: WordPart): WordPart {
  return part.kind === 'variable' ? { ...part, splits: false } : part;
}

function assign({ script }: Parser, name: string, value: ShellWord): void {
  script.assignments.set(name, [...(script.assignments.get(name) ?? []), value]);
}

/** Reads `2>&1`, `< file`, `<<END` and their kind; false where there is none. */
function readRedirection(parser: Parser): boolean {
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
function peekWord(parser: Parser): string {
  const ahead = parser.text.slice(parser.at, parser.at + 16);
  return /^(?:[a-z]+|[!{}])(?=[\s;&|()<>]|$)/.exec(ahead)?.[0] ?? '';
}

function expect(parser: Parser, word: string): void {
  skipSeparators(parser);
  if (peekWord(parser) === word) parser.at += word.length;
}
