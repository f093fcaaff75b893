import type { Runs, Tables } from './columns.ts';

/**
 * For each name those that lead to it: packages whose candidate mentions it in Pre-Depends or Depends, and names that its candidate
 * Provides. Versions are not looked at.
 */
export function leadingTo(tables: Omit<Tables, 'leading' | 'identities'>): Runs {
  const { names, nameOf, versions, providers } = tables;
  const numberOf = numberFinder(Array.from({ length: names.count }, (_, id) => names.at(id)));
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
      if (target < 0) return;
      from.push(id);
      to.push(target);
    });
  }
  return turned(from, to, names.count);
}

/** By number, 1 for each name from which a marked one can be reached, the marked themselves among them. */
export function reaching({ start, list }: Runs, marked: Uint8Array): Uint8Array {
  const reached = marked.slice();
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

/** Finds the number of a name, -1 for one that is not there; quicker than a table's own search where all are asked for. */
function numberFinder(names: readonly string[]): (name: string) => number {
  const numbers = new Map<string, number>();
  for (const [id, name] of names.entries()) numbers.set(name, id);
  return (name) => numbers.get(name) ?? -1;
}

/** By counting. */
function turned(from: readonly number[], to: readonly number[], count: number): Runs {
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
