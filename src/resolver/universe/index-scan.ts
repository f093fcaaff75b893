import { KilnError } from '../../model/error.ts';

/** Where the stanzas of one Packages file are, found in one pass; offsets are bytes in its text. */
export interface ScannedIndex {
  readonly text: Buffer;
  readonly count: number;
  readonly start: Uint32Array;
  readonly end: Uint32Array;
  readonly names: string[];
  /** Numbers of the stanzas that have a Provides field, and of those with `Essential: yes`. */
  readonly providing: number[];
  readonly essential: number[];
  /** Stanzas for another architecture; they are left out of all the above. */
  readonly foreign: number;
}

const LINE_FEED = 10;
const SPACE = 32;
const TAB = 9;

/** Whether the bytes at `at` are `field:`, in any case (Debian Policy §5.1). `field` is lower case. */
export function fieldAt(text: Buffer, at: number, field: string): boolean {
  for (let i = 0; i < field.length; i += 1) {
    const byte = text[at + i]!;
    if ((byte >= 65 && byte <= 90 ? byte + 32 : byte) !== field.charCodeAt(i)) return false;
  }
  return text[at + field.length] === 58;
}

function endOfLine(text: Buffer, at: number): number {
  const end = text.indexOf(LINE_FEED, at);
  return end < 0 ? text.length : end;
}

/** Value of a one-line field whose colon is `length` bytes after `at`. */
function valueAt(text: Buffer, at: number, length: number): string {
  return text.toString('latin1', at + length + 1, endOfLine(text, at)).trim();
}

/** Number of the line, from 1, that holds the byte at `offset`. */
export function lineAt(text: Buffer, offset: number): number {
  let line = 1;
  for (let at = text.indexOf(LINE_FEED); at >= 0 && at < offset; at = text.indexOf(LINE_FEED, at + 1)) line += 1;
  return line;
}

/** What one stanza's fields say that every stanza is asked for. */
interface Found {
  name: number;
  version: boolean;
  architecture: number;
  provides: boolean;
  essential: number;
}

/** Notes the field that begins at `at`. The first letter decides what is compared: most lines end there. */
function note(text: Buffer, at: number, found: Found): void {
  const first = text[at]! | 32;
  if (first === 112) {
    if (fieldAt(text, at, 'package')) found.name = at;
    else if (fieldAt(text, at, 'provides')) found.provides = true;
  } else if (first === 118) found.version ||= fieldAt(text, at, 'version');
  else if (first === 97) {
    if (fieldAt(text, at, 'architecture')) found.architecture = at;
  } else if (first === 101 && fieldAt(text, at, 'essential')) found.essential = at;
}

/**
 * Finds the stanzas of a Packages file, without decoding more than their names. Throws INDEX_CORRUPT, naming index, line and
 * field, where a stanza has no Package, Version or Architecture.
 */
export function scanIndex(text: Buffer, label: string, architecture: string): ScannedIndex {
  const start: number[] = [];
  const end: number[] = [];
  const names: string[] = [];
  const providing: number[] = [];
  const essential: number[] = [];
  let foreign = 0;
  let at = 0;
  while (at < text.length) {
    if (text[at] === LINE_FEED) {
      at += 1;
      continue;
    }
    const found: Found = { name: -1, version: false, architecture: -1, provides: false, essential: -1 };
    const first = at;
    while (at < text.length && text[at] !== LINE_FEED) {
      if (text[at] !== SPACE && text[at] !== TAB) note(text, at, found);
      at = endOfLine(text, at) + 1;
    }
    requireFields(text, label, first, found);
    const own = valueAt(text, found.architecture, 12);
    if (own !== architecture && own !== 'all') {
      foreign += 1;
      continue;
    }
    if (found.provides) providing.push(names.length);
    if (found.essential >= 0 && valueAt(text, found.essential, 9) === 'yes') essential.push(names.length);
    names.push(valueAt(text, found.name, 7));
    start.push(first);
    end.push(Math.min(at, text.length));
  }
  return {
    text,
    count: names.length,
    start: Uint32Array.from(start),
    end: Uint32Array.from(end),
    names,
    providing,
    essential,
    foreign,
  };
}

function requireFields(text: Buffer, label: string, at: number, found: Found): void {
  const missing =
    found.name < 0 ? 'Package' : !found.version ? 'Version' : found.architecture < 0 ? 'Architecture' : '';
  if (missing === '') return;
  const name = found.name < 0 ? '' : ` of ${valueAt(text, found.name, 7)}`;
  throw new KilnError('INDEX_CORRUPT', `${label}, line ${lineAt(text, at)}: the stanza${name} has no ${missing}`, {
    hint: 'fetch the index again',
  });
}

/** Value of a stanza's field, continuation lines joined by spaces; undefined where it has none. `field` is lower case. */
export function fieldOf(stanza: Buffer, field: string): string | undefined {
  const usual = stanza.indexOf(usualSpelling(field));
  for (let start = usual < 0 ? 0 : usual + 1; start < stanza.length; ) {
    const next = nextField(stanza, start);
    if (fieldAt(stanza, start, field)) {
      const value = stanza.toString('utf8', start + field.length + 1, next).trim();
      return value.includes('\n') ? value.replace(/\s*\n\s*/g, ' ') : value;
    }
    start = next;
  }
  return undefined;
}

const DIGEST = Buffer.from('\nSHA256: ');

/** The SHA-256 that a stanza states: what is asked of all of them, so as archives write it first. */
export function digestIn(stanza: Buffer): string | undefined {
  const at = stanza.indexOf(DIGEST) + DIGEST.length;
  const usual = at >= DIGEST.length && stanza[at + 64] === LINE_FEED;
  return usual ? stanza.toString('latin1', at, at + 64) : fieldOf(stanza, 'sha256');
}

const spellings = new Map<string, Buffer>();

/** Bytes of a line's start with the field as archives write it: finding those is many times quicker than reading line by line. */
function usualSpelling(field: string): Buffer {
  let spelling = spellings.get(field);
  if (!spelling) {
    const written = field === 'sha256' ? 'SHA256' : field.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
    spelling = Buffer.from(`\n${written}:`);
    spellings.set(field, spelling);
  }
  return spelling;
}

/** Where the field after the one at `start` begins, or the stanza ends; continuation lines belong to their field. */
export function nextField(stanza: Buffer, start: number): number {
  let end = endOfLine(stanza, start) + 1;
  while (stanza[end] === SPACE || stanza[end] === TAB) end = endOfLine(stanza, end) + 1;
  return Math.min(end, stanza.length);
}
