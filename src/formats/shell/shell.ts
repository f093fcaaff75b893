import { COMPOUND, parseFunctionBody, parseSubshell, parseTest, skipArithmetic } from './shell-compound.ts';
import { outcomeOf } from './shell-guards.ts';
import {
  assign,
  conditionally,
  NOTHING,
  type Outcome,
  type Parser,
  peekWord,
  readRedirection,
  record,
  skipLines,
} from './shell-parser.ts';
import type { ShellGuard, ShellScript, ShellWord, WordPart } from './shell-script.ts';
import { literalOf } from './shell-script.ts';
import { cursorAt, MAX_NESTING, newline, readWord, skipBlanks } from './shell-word.ts';

export type { ShellCommand, ShellGuard, ShellScript, ShellWord, WordPart } from './shell-script.ts';

export { literalOf } from './shell-script.ts';

const MAX_DEPTH = 40;

const CLOSERS = new Set(['then', 'else', 'elif', 'fi', 'do', 'done', 'esac', '}', 'in']);

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
  const parser: Parser = {
    ...cursorAt(text, line),
    script,
    ...around,
    nested: () => {},
    nestedHere: () => {},
    list: () => parseList(parser),
    command: () => parseCommand(parser),
  };
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
