import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  visit,
} from 'yaml';

/** Keys and indexes that lead from the root of a document to a place in it. */
export type Path = readonly (string | number)[];

/** Counted from 1, as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Something wrong at a place of a file; `path` is empty where it concerns the text and not a value. */
export interface SourceIssue extends Position {
  readonly path: Path;
  readonly message: string;
}

/** A parsed YAML file that still knows where each value stands. */
export interface YamlSource {
  readonly value: unknown;
  /** Of the value at `path`; with `key`, of the key before it. A place that is missing has its parent's position. */
  positionOf(path: Path, what?: 'key' | 'value'): Position;
}

/** More than any file that a person writes; keeps a hostile one from costing memory. */
export const LARGEST_SOURCE = 1 << 20;
const MOST_ALIASES = 100;
const DEEPEST = 200;
const START: Position = { line: 1, column: 1 };

/** Parses YAML 1.2 of one document; gives the source, or what is wrong with the text. Never throws for what a file holds. */
export function parseYamlSource(bytes: Uint8Array): { source: YamlSource } | { issues: SourceIssue[] } {
  const text = decode(bytes);
  if (typeof text !== 'string') return { issues: [issue(START, text.complaint)] };
  const lines = new LineCounter();
  const tokens = tokensOf(text, lines);
  if (!tokens) return { issues: [issue(START, 'nested too deeply')] };
  // The library looks for duplicate keys in quadratic time; `duplicateKeys` does it below.
  const composer = new Composer({ logLevel: 'silent', uniqueKeys: false });
  const [document, second] = [...composer.compose(tokens)];
  if (!document || document.contents === null) return { issues: [issue(START, 'the file is empty')] };
  if (second) return { issues: [issue(positionAt(lines, second.range[0]), 'a second document begins here')] };
  return readDocument(document as Document.Parsed, lines);
}

/** The text's tokens; undefined where they nest so deeply that composing them could exhaust the stack. */
function tokensOf(text: string, lines: LineCounter): CST.Token[] | undefined {
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > DEEPEST) return undefined;
  }
  tokens.push(...parser.end());
  return tokens;
}

function readDocument(
  document: Document.Parsed,
  lines: LineCounter,
): { source: YamlSource } | { issues: SourceIssue[] } {
  const problems = [...document.errors, ...document.warnings].map((it) => ({
    offset: it.pos[0],
    text: sayPlainly(it),
  }));
  problems.push(...duplicateKeys(document));
  if (problems.length > 0) return { issues: problems.map((it) => issue(positionAt(lines, it.offset), it.text)) };
  const value = plainValue(document);
  if (typeof value === 'string') return { issues: [issue(START, value)] };
  const positionOf = (path: Path, what: 'key' | 'value' = 'value') => positionAt(lines, offsetOf(document, path, what));
  return { source: { value: value.value, positionOf } };
}

/** The document as plain values, or a complaint about its aliases. */
function plainValue(document: Document.Parsed): { value: unknown } | string {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    JSON.stringify(value);
    return { value };
  } catch (error) {
    if (error instanceof TypeError) return 'an alias stands inside what it stands for';
    if (!(error instanceof ReferenceError)) throw error;
    return error.message.startsWith('Excessive') ? 'aliases stand for too many values' : lowerFirst(error.message);
  }
}

function duplicateKeys(document: Document.Parsed): { offset: number; text: string }[] {
  const found: { offset: number; text: string }[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (seen.has(name)) found.push({ offset: key.range?.[0] ?? 0, text: `key ${name} stands here a second time` });
        seen.add(name);
      }
    },
  });
  return found;
}

function decode(bytes: Uint8Array): string | { complaint: string } {
  if (bytes.length > LARGEST_SOURCE) return { complaint: `the file is larger than ${LARGEST_SOURCE >> 10} KiB` };
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? { complaint: 'the file is not text' } : text;
  } catch {
    return { complaint: 'the file is not UTF-8 text' };
  }
}

const PLAIN_WORDS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'a tab indents this line; YAML wants spaces',
  BAD_INDENT: 'the indentation of this line does not fit the lines before it',
  MISSING_CHAR: 'a bracket or quote is not closed',
};

function sayPlainly(problem: { code: string; message: string }): string {
  return PLAIN_WORDS[problem.code] ?? lowerFirst(problem.message).slice(0, 160).replace(/\.$/, '');
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Offset of the deepest place on `path` that is there. */
function offsetOf(document: Document.Parsed, path: Path, what: 'key' | 'value'): number {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const [depth, segment] of path.entries()) {
    const child = childOf(document, node, segment);
    if (!child) break;
    const last = depth === path.length - 1;
    offset =
      (last && what === 'key' ? child.keyOffset : undefined) ?? child.value?.range?.[0] ?? child.keyOffset ?? offset;
    node = child.value;
  }
  return offset;
}

function childOf(document: Document.Parsed, node: Node | null, segment: string | number) {
  const parent = isAlias(node) ? node.resolve(document) : node;
  if (isSeq(parent)) {
    const item = parent.items[Number(segment)] as Node | undefined;
    return item && { value: item, keyOffset: undefined };
  }
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find((it) => isScalar(it.key) && String(it.key.value) === String(segment));
  return pair && { value: pair.value as Node | null, keyOffset: (pair.key as Node).range?.[0] };
}

function positionAt(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return line === 0 ? START : { line, column: col };
}

function issue(position: Position, message: string): SourceIssue {
  return { ...position, path: [], message };
}
