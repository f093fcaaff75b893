import type { ShellWord, WordPart } from './shell-script.ts';

/** A place in shell text. */
export interface Cursor {
  readonly text: string;
  at: number;
  line: number;
  /** Here-documents whose bodies begin on the next line. */
  readonly hereDocuments: { end: string; stripTabs: boolean; expands: boolean }[];
  /** How deep what is being read lies in substitutions, quotes and groups. */
  nesting: number;
  /** Told of commands in backquotes, unescaped, and of the line they begin on. */
  nested: (text: string, line: number) => void;
  /** Reads the commands of a `$(` that was just stepped over, and its `)`. */
  nestedHere: () => void;
}

/** Deeper text than this is no script that anybody wrote: the rest of it is passed over. */
export const MAX_NESTING = 200;

export function cursorAt(text: string, line: number): Omit<Cursor, 'nested' | 'nestedHere'> {
  return { text, at: 0, line, nesting: 0, hereDocuments: [] };
}

/** Steps over spaces, joined lines and a comment. */
export function skipBlanks(cursor: Cursor): void {
  for (;;) {
    const char = cursor.text[cursor.at];
    if (char === ' ' || char === '\t' || char === '\r') cursor.at++;
    else if (char === '\\' && cursor.text[cursor.at + 1] === '\n') {
      cursor.at += 2;
      cursor.line++;
    } else if (char === '#') cursor.at = endOfLine(cursor);
    else return;
  }
}

function endOfLine({ text, at }: Cursor): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}

/** Steps over a line's end and the here-documents that follow it. */
export function newline(cursor: Cursor): void {
  cursor.at++;
  cursor.line++;
  for (const document of cursor.hereDocuments.splice(0)) readHereDocument(cursor, document);
}

function readHereDocument(cursor: Cursor, { end, stripTabs, expands }: Cursor['hereDocuments'][number]): void {
  const start = { at: cursor.at, line: cursor.line };
  while (cursor.at < cursor.text.length) {
    const stop = endOfLine(cursor);
    const line = cursor.text.slice(cursor.at, stop);
    const bodyEnd = cursor.at;
    cursor.at = Math.min(stop + 1, cursor.text.length);
    cursor.line++;
    if ((stripTabs ? line.replace(/^\t+/, '') : line) !== end) continue;
    if (expands) expandBody(cursor, start, bodyEnd);
    return;
  }
  if (expands) expandBody(cursor, start, cursor.text.length);
}

function expandBody(cursor: Cursor, start: { at: number; line: number }, end: number): void {
  const body = cursor.text.slice(start.at, end);
  // Only what is expanded can run: read the body as the inside of a double-quoted word.
  if (/\$\(|`/.test(body)) cursor.nested(`: "${body.replace(/"/g, '\\"')}"`, start.line);
}

/** Whether the character ends a word outside quotes. */
function endsWord(char: string | undefined): boolean {
  return char === undefined || ' \t\r\n;&|<>()'.includes(char);
}

/** The word at the cursor, which ends up behind it; undefined where none begins. */
export function readWord(cursor: Cursor): ShellWord | undefined {
  const parts: WordPart[] = [];
  const { line, at } = cursor;
  for (;;) {
    const char = cursor.text[cursor.at];
    const next = cursor.text[cursor.at + 1];
    if ((char === '<' || char === '>') && next === '(' && parts.length === 0) readSubstitution(cursor, parts);
    else if (char === '(' && parts.length > 0 && opensInWord(cursor)) unknownBalanced(cursor, parts);
    else if (endsWord(char)) break;
    else readPiece(cursor, parts, false);
  }
  return cursor.at === at ? undefined : { parts, line };
}

/** `NAME=(…)` of bash and its `@(a|b)` patterns. */
function opensInWord({ text, at }: Cursor): boolean {
  return /(\w\]?\+?=|[?*+@!])$/.test(text.slice(Math.max(0, at - 40), at));
}

function unknownBalanced(cursor: Cursor, parts: WordPart[]): void {
  readBalanced(cursor, '(', ')');
  parts.push({ kind: 'unknown' });
}

function readSubstitution(cursor: Cursor, parts: WordPart[]): void {
  cursor.at += 2;
  cursor.nestedHere();
  parts.push({ kind: 'unknown' });
}

function readPiece(cursor: Cursor, parts: WordPart[], quoted: boolean): void {
  const char = cursor.text[cursor.at]!;
  const next = cursor.text[cursor.at + 1];
  if (++cursor.nesting > MAX_NESTING) cursor.at = cursor.text.length;
  else if (char === '\\') readEscape(cursor, parts, quoted);
  else if (char === '`') readBackquotes(cursor, parts);
  else if (char === '$') readDollar(cursor, parts, quoted);
  else if (char === '"' && !quoted) readDoubleQuotes(cursor, parts);
  else if (char === "'" && !quoted) readSingleQuotes(cursor, parts);
  else {
    if (char === '\n') cursor.line++;
    cursor.at++;
    // An unquoted pattern stands for names that only the file system knows.
    if (!quoted && (char === '*' || (char === '?' && next !== undefined))) parts.push({ kind: 'unknown' });
    else addText(parts, char);
  }
  cursor.nesting--;
}

function addText(parts: WordPart[], text: string): void {
  const last = parts.at(-1);
  if (last?.kind === 'text') parts[parts.length - 1] = { kind: 'text', text: last.text + text };
  else parts.push({ kind: 'text', text });
}

function readEscape(cursor: Cursor, parts: WordPart[], quoted: boolean): void {
  const next = cursor.text[cursor.at + 1];
  cursor.at += 2;
  if (next === '\n') cursor.line++;
  else if (next !== undefined) addText(parts, quoted && !'$`"\\'.includes(next) ? `\\${next}` : next);
}

function readSingleQuotes(cursor: Cursor, parts: WordPart[]): void {
  const end = cursor.text.indexOf("'", cursor.at + 1);
  const stop = end < 0 ? cursor.text.length : end;
  const text = cursor.text.slice(cursor.at + 1, stop);
  addText(parts, text);
  cursor.line += text.split('\n').length - 1;
  cursor.at = stop + 1;
}

function readDoubleQuotes(cursor: Cursor, parts: WordPart[]): void {
  cursor.at++;
  addText(parts, '');
  while (cursor.at < cursor.text.length && cursor.text[cursor.at] !== '"') readPiece(cursor, parts, true);
  cursor.at++;
}

function readBackquotes(cursor: Cursor, parts: WordPart[]): void {
  let end = cursor.at + 1;
  while (end < cursor.text.length && cursor.text[end] !== '`') end += cursor.text[end] === '\\' ? 2 : 1;
  const raw = cursor.text.slice(cursor.at + 1, end);
  cursor.nested(raw.replace(/\\([$`\\])/g, '$1'), cursor.line);
  cursor.line += raw.split('\n').length - 1;
  cursor.at = Math.min(end + 1, cursor.text.length);
  parts.push({ kind: 'unknown' });
}

function readDollar(cursor: Cursor, parts: WordPart[], quoted: boolean): void {
  const rest = cursor.text.slice(cursor.at, cursor.at + 80);
  const name = /^\$(\w+|[@*#?$!-])/.exec(rest);
  if (rest.startsWith('$((')) {
    cursor.at += 2;
    readBalanced(cursor, '(', ')');
    if (cursor.text[cursor.at] === ')') cursor.at++;
    parts.push({ kind: 'unknown' });
  } else if (rest.startsWith('$(')) readSubstitution(cursor, parts);
  else if (rest.startsWith('${')) readBraces(cursor, parts, !quoted);
  else if (name) {
    // `$1x` is the first argument and an x; only names may be longer than one character.
    const variable = /^\d/.test(name[1]!) ? name[1]![0]! : name[1]!;
    cursor.at += 1 + variable.length;
    parts.push({ kind: 'variable', name: variable, splits: !quoted });
  } else if (!quoted && rest[1] === "'") {
    cursor.at++;
    readAnsiQuotes(cursor, parts);
  } else {
    cursor.at++;
    if (!(rest[1] === '"' && !quoted)) addText(parts, '$');
  }
}

function readAnsiQuotes(cursor: Cursor, parts: WordPart[]): void {
  let end = cursor.at + 1;
  while (end < cursor.text.length && cursor.text[end] !== "'") end += cursor.text[end] === '\\' ? 2 : 1;
  cursor.line += cursor.text.slice(cursor.at, end).split('\n').length - 1;
  addText(parts, cursor.text.slice(cursor.at + 1, end));
  cursor.at = Math.min(end + 1, cursor.text.length);
}

function readBraces(cursor: Cursor, parts: WordPart[], splits: boolean): void {
  const head = /^\$\{([#!]?)(\w+|[@*#?$!-])(\[[^\]]*\])?(:?[-=+?])?/.exec(
    cursor.text.slice(cursor.at, cursor.at + 120),
  );
  cursor.at += head?.[0].length ?? 2;
  const inner: WordPart[] = [];
  while (cursor.at < cursor.text.length && cursor.text[cursor.at] !== '}') readPiece(cursor, inner, false);
  cursor.at++;
  const operator = head?.[4] ?? '';
  if (!head || head[1] || head[3]) parts.push({ kind: 'unknown' });
  else if (/[-=]$/.test(operator) && inner.every((part) => part.kind === 'text')) {
    const fallback = inner.map((part) => (part.kind === 'text' ? part.text : '')).join('');
    parts.push({ kind: 'variable', name: head[2]!, fallback, splits });
  } else if (inner.length === 0) parts.push({ kind: 'variable', name: head[2]!, splits });
  else parts.push({ kind: 'unknown' });
}

/** Steps over what stands between a pair of signs, and over the pair; the cursor is at the first of them. */
export function readBalanced(cursor: Cursor, open: string, close: string): void {
  let depth = 0;
  const ignored: WordPart[] = [];
  while (cursor.at < cursor.text.length) {
    const char = cursor.text[cursor.at]!;
    if (char !== open && char !== close) {
      readPiece(cursor, ignored, false);
      continue;
    }
    cursor.at++;
    depth += char === open ? 1 : -1;
    if (depth === 0) return;
  }
}
