import type { Path, Position } from './yaml-source.ts';

/** A parsed JSON text, or what is wrong with it and where. Never throws for what a text holds. */
export function parseJsonSource(text: string): { value: unknown } | (Position & { message: string }) {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const { message } = error as Error;
    const offset = Number(/at position (\d+)/.exec(message)?.[1] ?? text.length);
    return { ...positionAt(text, offset), message: plainly(message) };
  }
}

function plainly(message: string): string {
  const [first = ''] = message.split(/ in JSON at| \(line|, "|, \.\.\."/);
  return first === '' ? 'not JSON' : `not JSON: ${first.charAt(0).toLowerCase()}${first.slice(1)}`;
}

/**
 * Where the value at `path` of a sound JSON text begins; the deepest place on the way that is there. The text is walked again: that is
 * only worth it for the one value that is told of.
 */
export function positionInJson(text: string, path: Path): Position {
  let at = skipBlank(text, 0);
  for (const segment of path) {
    const next = child(text, at, segment);
    if (next === undefined) break;
    at = next;
  }
  return positionAt(text, at);
}

function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

/** Offset of the member or element of the value that begins at `start`. */
function child(text: string, start: number, segment: string | number): number | undefined {
  const opening = text[start];
  if (opening !== '{' && opening !== '[') return undefined;
  let at = skipBlank(text, start + 1);
  for (let index = 0; text[at] !== '}' && text[at] !== ']'; index += 1) {
    let key: unknown = index;
    if (opening === '{') {
      const end = skipValue(text, at);
      key = JSON.parse(text.slice(at, end));
      at = skipBlank(text, skipBlank(text, end) + 1);
    }
    if (String(key) === String(segment)) return at;
    at = skipBlank(text, skipValue(text, at));
    if (text[at] === ',') at = skipBlank(text, at + 1);
  }
  return undefined;
}

function skipBlank(text: string, start: number): number {
  let at = start;
  while (/\s/.test(text[at] ?? '')) at += 1;
  return at;
}

/** Offset after the value that begins at `start`. */
function skipValue(text: string, start: number): number {
  if (text[start] === '"') return skipText(text, start);
  if (text[start] !== '{' && text[start] !== '[') {
    let at = start;
    while (at < text.length && !/[\s,\]}]/.test(text[at]!)) at += 1;
    return at;
  }
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === '"') at = skipText(text, at) - 1;
    else if (text[at] === '{' || text[at] === '[') depth += 1;
    else if ((text[at] === '}' || text[at] === ']') && --depth === 0) return at + 1;
  }
  return text.length;
}

function skipText(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}
