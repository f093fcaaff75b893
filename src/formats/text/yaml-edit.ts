import { isDeepStrictEqual } from 'node:util';
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  stringify,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';

/** Values to add to the list at a path of a YAML text, such as `resolution.include`. */
export interface ListAddition {
  readonly field: string;
  readonly add: readonly unknown[];
}

/**
 * Adds to lists of a YAML text and leaves all else as it was written, comments and white space too; what is in a list already is not
 * added twice. Lists, and maps on the way, are made where they are missing. The text must be sound.
 */
export function addToLists(text: string, additions: readonly ListAddition[]): string {
  return additions.reduce((edited, { field, add }) => addTo(edited, field.split('.'), add), text);
}

function addTo(text: string, path: readonly string[], add: readonly unknown[]): string {
  const document = parseDocument(text);
  const present: unknown = (document.getIn(path, true) as Node | undefined)?.toJS(document) ?? [];
  if (!Array.isArray(present)) throw new Error(`internal: ${path.join('.')} is not a list`);
  const values = add.filter((value) => !present.some((it) => isDeepStrictEqual(it, value)));
  if (values.length === 0) return text;
  const wanted = parseDocument(text);
  setList(wanted, path, [...present, ...values]);
  const edited = insert(text, document, path, values);
  // An anchor or a style that is not known here: rather rewritten than wrong.
  const sound = edited !== undefined && isDeepStrictEqual(plainValue(edited), wanted.toJS());
  return sound ? edited : wanted.toString({ lineWidth: 0 });
}

function plainValue(text: string): unknown {
  const document = parseDocument(text);
  return document.errors.length > 0 ? undefined : document.toJS();
}

function setList(document: Document, path: readonly string[], values: readonly unknown[]): void {
  for (let depth = 1; depth < path.length; depth += 1) {
    const ancestor = path.slice(0, depth);
    if (!isMap(document.getIn(ancestor, true))) document.setIn(ancestor, document.createNode({}));
  }
  document.setIn(path, document.createNode(values));
}

/** The text with the values in their place; undefined where no place is found. */
function insert(
  text: string,
  document: Document.Parsed,
  path: readonly string[],
  values: readonly unknown[],
): string | undefined {
  const list = document.getIn(path, true);
  if (isSeq(list))
    return list.flow || list.items.length === 0
      ? intoFlow(text, list, values.map(flow).join(', '))
      : intoBlock(text, list, values);
  for (let depth = path.length - 1; depth >= 0; depth -= 1) {
    const ancestor = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
    if (isMap(ancestor) && ancestor.items.length > 0) return intoMap(text, ancestor, path.slice(depth), values);
  }
  return undefined;
}

const flow = (value: unknown): string => stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();

/** Before the bracket that closes a collection. */
function intoFlow(text: string, collection: YAMLSeq | YAMLMap, added: string): string {
  const close = collection.range![1] - 1;
  const before = text.slice(0, close).trimEnd();
  const gap = text.slice(before.length, close);
  return `${before}${collection.items.length > 0 ? ', ' : ''}${added}${gap}${text.slice(close)}`;
}

function intoBlock(text: string, list: YAMLSeq, values: readonly unknown[]): string {
  const last = list.items.at(-1) as Node;
  const dash = text.lastIndexOf('-', last.range![0] - 1);
  const indent = dash - (text.lastIndexOf('\n', dash) + 1);
  const lines = values.map((value) => `${' '.repeat(indent)}- ${flow(value)}`);
  return afterLineOf(text, last.range![1], lines);
}

/** New members of a map: the missing keys, the values below the last of them. */
function intoMap(text: string, map: YAMLMap, path: readonly string[], values: readonly unknown[]): string | undefined {
  if (map.flow) {
    const nested = path.slice(1).reduceRight<unknown>((value, key) => ({ [key]: value }), values);
    return intoFlow(text, map, `${path[0]}: ${flow(nested)}`);
  }
  const { key, value } = map.items.at(-1)!;
  if (!isScalar(key)) return undefined;
  const empty = map.items.find((it) => isScalar(it.key) && it.key.value === path[0]);
  const start = (isScalar(empty?.key) ? empty.key : key).range![0];
  const indent = start - (text.lastIndexOf('\n', start - 1) + 1);
  const member = linesOf(path, values, indent);
  // A key that stands there with nothing after it takes its members on the next lines.
  if (empty) return afterLineOf(text, start, member.slice(1));
  return afterLineOf(text, Math.max((value as Node | null)?.range?.[1] ?? 0, key.range![1]), member);
}

function linesOf(path: readonly string[], values: readonly unknown[], indent: number): string[] {
  const keys = path.map((key, depth) => `${' '.repeat(indent + 2 * depth)}${key}:`);
  return [...keys, ...values.map((value) => `${' '.repeat(indent + 2 * path.length)}- ${flow(value)}`)];
}

/** Lines inserted below the line in which what ends at an offset ends. */
function afterLineOf(text: string, offset: number, lines: readonly string[]): string {
  const end = text.slice(0, offset).trimEnd().length;
  const newline = text.indexOf('\n', end);
  const at = newline < 0 ? text.length : newline;
  return `${text.slice(0, at)}\n${lines.join('\n')}${text.slice(at)}`;
}
