import { tested } from './shell-guards.ts';
import {
  assign,
  conditionally,
  expect,
  NOTHING,
  type Outcome,
  type Parser,
  peekWord,
  record,
  skipLines,
  skipSeparators,
} from './shell-parser.ts';
import { literalOf, type ShellWord } from './shell-script.ts';
import { readBalanced, readWord, skipBlanks } from './shell-word.ts';

/** Readers of compound commands by the word that begins them, which was stepped over. */
export const COMPOUND: Readonly<Record<string, (parser: Parser) => Outcome>> = {
  if: parseIf,
  while: parseLoop,
  until: parseLoop,
  for: parseFor,
  select: parseFor,
  case: parseCase,
  function: parseFunctionWord,
  '{': parseGroup,
};

/** bash's `[[ … ]]`, in which `&&`, `<` and `(` are operators of the test. */
export function parseTest(parser: Parser): Outcome {
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

/** `((…))`: no command. */
export function skipArithmetic(parser: Parser): Outcome {
  readBalanced(parser, '(', ')');
  return NOTHING;
}

/** `( … )`. */
export function parseSubshell(parser: Parser): Outcome {
  parser.at++;
  const outcome = parser.list();
  if (parser.text[parser.at] === ')') parser.at++;
  return { ...outcome, leaves: false };
}

function parseGroup(parser: Parser): Outcome {
  const outcome = parser.list();
  expect(parser, '}');
  return outcome;
}

function parseIf(parser: Parser): Outcome {
  const outer = parser.guards;
  const condition = parser.list();
  expect(parser, 'then');
  parser.guards = condition.negated ? outer : [...outer, ...condition.guards];
  const then = conditionally(parser, () => parser.list());
  parser.guards = condition.negated ? [...outer, ...condition.guards] : outer;
  if (peekWord(parser) === 'elif') {
    parser.at += 4;
    conditionally(parser, () => parseIf(parser));
  } else {
    if (peekWord(parser) === 'else') {
      parser.at += 4;
      conditionally(parser, () => parser.list());
    }
    expect(parser, 'fi');
  }
  parser.guards = outer;
  // `if ! test; then exit; fi` says the same as `test || exit`.
  return condition.negated && then.leaves ? { ...NOTHING, later: condition.guards } : NOTHING;
}

function parseLoop(parser: Parser): Outcome {
  const outer = parser.guards;
  const condition = parser.list();
  if (!condition.negated) parser.guards = [...outer, ...condition.guards];
  parseBody(parser);
  parser.guards = outer;
  return NOTHING;
}

function parseBody(parser: Parser): void {
  expect(parser, 'do');
  conditionally(parser, () => parser.list());
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
    conditionally(parser, () => parser.list());
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

/** The body of a function whose head was read. */
export function parseFunctionBody(parser: Parser, name: string): Outcome {
  while (skipLines(parser));
  parser.script.functions.add(name);
  const { inFunction, guards } = parser;
  parser.inFunction = name;
  parser.guards = [];
  parser.command();
  parser.inFunction = inFunction;
  parser.guards = guards;
  return NOTHING;
}
