import { type ErrorCode, KilnError } from '../../model/error.ts';

/** Fields of one stanza, by name as written; continuation lines follow a line feed, without their first space. */
export type Stanza = Map<string, string>;

/** What a broken stanza is reported as: the name of the file and the fault's code. */
export interface StanzaSource {
  readonly name: string;
  readonly code?: ErrorCode;
}

/**
 * Reads deb822 text (Packages, Release, status, control files; deb822(5)) stanza by stanza. Comment lines are skipped.
 * Throws INDEX_CORRUPT, or the source's code, naming the line, where a line is neither a field nor a continuation, or a
 * field is there twice.
 */
export function* parseStanzas(
  text: string | Buffer,
  source: StanzaSource = { name: 'control data' },
): Generator<Stanza, void, undefined> {
  let stanza: Stanza = new Map();
  let field = '';
  let line = 0;
  for (const content of linesOf(text)) {
    line += 1;
    if (content === '' || content.trim() === '') {
      if (stanza.size > 0) yield stanza;
      if (stanza.size > 0) stanza = new Map();
      field = '';
    } else if (content[0] === ' ' || content[0] === '\t') {
      if (field === '') throw broken(source, line, 'a continuation line follows no field');
      stanza.set(field, `${stanza.get(field)}\n${content.slice(1)}`);
    } else if (content[0] !== '#') {
      field = addField(stanza, content, source, line);
    }
  }
  if (stanza.size > 0) yield stanza;
}

function addField(stanza: Stanza, content: string, source: StanzaSource, line: number): string {
  const colon = content.indexOf(':');
  if (colon <= 0) throw broken(source, line, `"${content.slice(0, 40)}" is not a field`);
  const field = content.slice(0, colon);
  if (stanza.has(field)) throw broken(source, line, `field ${field} is there twice`);
  stanza.set(field, content.slice(colon + 1).trim());
  return field;
}

function broken(source: StanzaSource, line: number, what: string): KilnError {
  return new KilnError(source.code ?? 'INDEX_CORRUPT', `${source.name}, line ${line}: ${what}`);
}

/** Lines without their ends. A large Buffer is decoded a line at a time, so that it needs no second copy in memory. */
function* linesOf(text: string | Buffer): Generator<string, void, undefined> {
  let start = 0;
  while (start < text.length) {
    const next = text.indexOf('\n', start);
    const end = next < 0 ? text.length : next;
    const line = typeof text === 'string' ? text.slice(start, end) : text.toString('utf8', start, end);
    yield line.endsWith('\r') ? line.slice(0, -1) : line;
    start = end + 1;
  }
}
