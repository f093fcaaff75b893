import type { Tables } from './tables.ts';

/** Finds the number of a name, -1 for one that is not there; quicker than a table's own search where all are asked for. */
export function numberFinder(names: readonly string[]): (name: string) => number {
  const numbers = new Map<string, number>();
  for (const [id, name] of names.entries()) numbers.set(name, id);
  return (name) => numbers.get(name) ?? -1;
}

/** Names that are looked for. */
export interface Wanted {
  /** By number, 1 for those that are. */
  readonly marked: Uint8Array;
  /** Those that have no number. */
  readonly gone: ReadonlySet<string>;
}

/**
 * By number, 1 for each name from which a wanted one can be reached, the wanted themselves among them: from a package to every name in its
 * candidate's Pre-Depends and Depends, from a name to those whose candidates Provide it.
 */
export function reaching(tables: Tables, numberOf: (name: string) => number, wanted: Wanted): Uint8Array {
  const reached = wanted.marked.slice();
  const { start, list } = turned(
    edgesOf(tables, numberOf, (from, name) => {
      if (wanted.gone.has(name)) reached[from] = 1;
    }),
    tables.names.count,
  );
  const waiting: number[] = [];
  for (const [id, mark] of reached.entries()) if (mark === 1) waiting.push(id);
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    for (let at = start[id]!; at < start[id + 1]!; at += 1) {
      const from = list[at]!;
      if (reached[from] === 1) continue;
      reached[from] = 1;
      waiting.push(from);
    }
  }
  return reached;
}

interface Edges {
  readonly from: readonly number[];
  readonly to: readonly number[];
}

/** `onUnknown` is told of names that have no number. */
function edgesOf(
  tables: Tables,
  numberOf: (name: string) => number,
  onUnknown: (from: number, name: string) => void,
): Edges {
  const { names, nameOf, versions, providers } = tables;
  const [from, to]: [number[], number[]] = [[], []];
  for (let id = 0; id < names.count; id += 1) {
    for (let at = providers.start[id]!; at < providers.start[id + 1]!; at += 1) {
      from.push(id);
      to.push(nameOf[providers.list[at]!]!);
    }
    const candidate = versions.start[id]!;
    if (candidate === versions.start[id + 1]!) continue;
    eachDependency(tables.stanza(versions.list[candidate]!), (name) => {
      const target = numberOf(name);
      if (target < 0) {
        onUnknown(id, name);
        return;
      }
      from.push(id);
      to.push(target);
    });
  }
  return { from, to };
}

/** For each name those that lead to it, by counting. */
function turned({ from, to }: Edges, count: number): { start: Uint32Array; list: Uint32Array } {
  const start = new Uint32Array(count + 1);
  for (const target of to) start[target + 1]! += 1;
  for (let id = 0; id < count; id += 1) start[id + 1]! += start[id]!;
  const next = start.slice();
  const list = new Uint32Array(to.length);
  for (const [at, target] of to.entries()) {
    list[next[target]!] = from[at]!;
    next[target]! += 1;
  }
  return { start, list };
}

/** Calls for each name that a stanza's Depends and Pre-Depends mention. */
function eachDependency(stanza: Buffer, call: (name: string) => void): void {
  const text = stanza.toString('latin1');
  for (let start = 0; start < text.length; ) {
    const next = endOfField(text, start);
    const length = DEPENDENCY.exec(text.slice(start, start + LONGEST))?.[0].length;
    if (length !== undefined) eachName(text.slice(start + length, next), call);
    start = next;
  }
}

const DEPENDENCY = /^(pre-)?depends:/i;
const LONGEST = 'pre-depends:'.length;

/** Continuation lines belong to their field. */
function endOfField(text: string, start: number): number {
  let end = start;
  do {
    end = text.indexOf('\n', end) + 1;
    if (end === 0) return text.length;
  } while (text[end] === ' ' || text[end] === '\t');
  return end;
}

/** A name is what a relation begins with, and ends where its architecture, version or profile may begin (Debian Policy §7.1). */
function eachName(value: string, call: (name: string) => void): void {
  let start = -1;
  let isOpen = true;
  for (let at = 0; at <= value.length; at += 1) {
    const kind = KINDS[value.charCodeAt(at)] ?? 'name';
    if (isOpen && kind === 'name' && at < value.length) {
      if (start < 0) start = at;
    } else if (start >= 0) {
      call(value.slice(start, at));
      start = -1;
      isOpen = false;
    }
    if (kind === 'next') isOpen = true;
  }
}

/** What may end a name, by its code. */
const KINDS: Readonly<Record<number, 'next' | 'end'>> = Object.fromEntries([
  ...[...',|'].map((it) => [it.charCodeAt(0), 'next']),
  ...[...' \t\n\r:(<['].map((it) => [it.charCodeAt(0), 'end']),
]);
