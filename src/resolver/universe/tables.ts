import { parseRelations } from '../../formats/debian/relation.ts';
import { compareVersions } from '../../formats/debian/version.ts';
import { once } from '../../formats/memoise.ts';
import { sha256 } from '../../model/canonical.ts';
import type { VerifiedIndex } from '../../model/package.ts';
import type { NameTable, Runs, Tables } from './columns.ts';
import { digestIn, fieldOf, type ScannedIndex, scanIndex } from './index-scan.ts';
import { leadingTo } from './name-graph.ts';

/** How an index is called in messages: what its Release says of it. */
export function labelOf(index: VerifiedIndex): string {
  return `${index.codename}/${index.component}`;
}

/** Finds the stanzas of all indexes and sorts them by name. Throws INDEX_CORRUPT. */
export function buildTables(inputs: readonly { index: VerifiedIndex; text: Buffer }[], architecture: string): Tables {
  const scans = inputs.map(({ index, text }) => scanIndex(text, labelOf(index), architecture));
  const bases = basesOf(scans);
  const count = bases[scans.length]!;
  const indexOf = new Uint8Array(count);
  scans.forEach((_, i) => void indexOf.fill(i, bases[i], bases[i + 1]));
  const stanza = (number: number): Buffer => {
    const scan = scans[indexOf[number]!]!;
    const local = number - bases[indexOf[number]!]!;
    return scan.text.subarray(scan.start[local]!, scan.end[local]!);
  };
  const indexes = inputs.map(({ index }) => index);
  const { field, place } = readersOf(stanza, indexOf, indexes);
  const provided = providedNames(scans, bases, field, place, architecture);
  const names = sortNames(scans, provided.names);
  const nameOf = Uint32Array.from(
    scans.flatMap((scan) => scan.names),
    names.find,
  );
  const warnings = scans.flatMap(({ foreign }, i) =>
    foreign === 0 ? [] : [`${labelOf(inputs[i]!.index)}: ${foreign} stanzas are for another architecture`],
  );
  const versions = runsOf(nameOf, Uint32Array.from(nameOf.keys()), names.count);
  orderVersions(versions, indexOf, indexes, field, warnings);
  const providers = runsOf(
    Uint32Array.from(provided.names, names.find),
    Uint32Array.from(provided.stanzas),
    names.count,
  );
  const essential = Uint32Array.from(scans.flatMap((scan, i) => scan.essential.map((local) => local + bases[i]!)));
  const columns = { architecture, indexes, count, names, nameOf, indexOf, versions, providers, essential, warnings };
  const tables = { ...columns, stanza, field, place };
  return { ...tables, identities: once(() => identitiesOf(tables)), leading: once(() => leadingTo(tables)) };
}

/** The first 8 bytes of the SHA-256 that each stanza states, or of that of its version where it states none. */
function identitiesOf({ count, stanza, field }: Pick<Tables, 'count' | 'stanza' | 'field'>): Uint32Array {
  const identities = new Uint32Array(count * 2);
  for (let number = 0; number < count; number += 1) {
    const digest = digestIn(stanza(number)) || sha256(`version ${field(number, 'version')}`);
    identities[number * 2] = Number.parseInt(digest.slice(0, 8), 16);
    identities[number * 2 + 1] = Number.parseInt(digest.slice(8, 16), 16);
  }
  return identities;
}

/** What reads fields out of stanzas, wherever their bytes are. */
export function readersOf(
  stanza: Tables['stanza'],
  indexOf: Uint8Array,
  indexes: readonly VerifiedIndex[],
): Pick<Tables, 'field' | 'place'> {
  const field = (number: number, name: string): string | undefined => fieldOf(stanza(number), name);
  const place = (number: number): string =>
    `${labelOf(indexes[indexOf[number]!]!)}, package ${field(number, 'package')}`;
  return { field, place };
}

function basesOf(scans: readonly ScannedIndex[]): number[] {
  const bases = [0];
  for (const scan of scans) bases.push(bases.at(-1)! + scan.count);
  return bases;
}

function providedNames(
  scans: readonly ScannedIndex[],
  bases: readonly number[],
  field: Tables['field'],
  place: Tables['place'],
  architecture: string,
): { names: string[]; stanzas: number[] } {
  const names: string[] = [];
  const stanzas: number[] = [];
  scans.forEach((scan, i) => {
    for (const local of scan.providing) {
      const stanza = local + bases[i]!;
      const groups = parseRelations(
        field(stanza, 'provides') ?? '',
        () => `${place(stanza)}, field Provides`,
        architecture,
      );
      for (const name of new Set(groups.map((group) => group[0]!.name))) {
        names.push(name);
        stanzas.push(stanza);
      }
    }
  });
  return { names, stanzas };
}

/** Indexes are sorted by name already, nearly always: merging them is several times quicker than sorting all names. */
function sortNames(scans: readonly ScannedIndex[], provided: readonly string[]): NameTable {
  const lists = [...scans.map((scan) => inOrder(scan.names)), inOrder(provided)];
  const sorted = lists.reduce(mergeUnique, []);
  const ids = new Map<string, number>();
  for (const name of sorted) ids.set(name, ids.size);
  return { count: sorted.length, at: (id) => sorted[id]!, find: (name) => ids.get(name) ?? -1 };
}

function inOrder(names: readonly string[]): readonly string[] {
  for (let i = 1; i < names.length; i += 1) if (names[i - 1]! > names[i]!) return [...names].sort();
  return names;
}

function mergeUnique(a: readonly string[], b: readonly string[]): string[] {
  const merged: string[] = [];
  const add = (name: string): void => {
    if (merged.at(-1) !== name) merged.push(name);
  };
  let j = 0;
  for (const name of a) {
    while (j < b.length && b[j]! <= name) add(b[j++]!);
    add(name);
  }
  while (j < b.length) add(b[j++]!);
  return merged;
}

/** Sorts values into runs by key, keeping their order (counting sort). */
function runsOf(keys: Uint32Array, values: Uint32Array, count: number): Runs {
  const start = new Uint32Array(count + 1);
  for (const key of keys) start[key + 1]! += 1;
  for (let id = 0; id < count; id += 1) start[id + 1]! += start[id]!;
  const next = start.slice();
  const list = new Uint32Array(values.length);
  keys.forEach((key, i) => {
    list[next[key]!] = values[i]!;
    next[key]! += 1;
  });
  return { start, list };
}

/**
 * Puts each name's candidate first: highest priority, then highest version, then the index named first. Stanzas that are equal in
 * all of these are ordered by their digests, so that an index's own order never matters.
 */
function orderVersions(
  versions: Runs,
  indexOf: Uint8Array,
  indexes: readonly VerifiedIndex[],
  field: Tables['field'],
  warnings: string[],
): void {
  let duplicates = 0;
  const compare = (a: number, b: number): number => {
    const first = indexes[indexOf[a]!]!;
    const second = indexes[indexOf[b]!]!;
    const order =
      second.priority - first.priority ||
      compareVersions(field(b, 'version')!, field(a, 'version')!) ||
      indexOf[a]! - indexOf[b]!;
    if (order !== 0) return order;
    duplicates += 1;
    return (field(a, 'sha256') ?? '') < (field(b, 'sha256') ?? '') ? -1 : 1;
  };
  for (let id = 0; id + 1 < versions.start.length; id += 1) {
    const from = versions.start[id]!;
    const to = versions.start[id + 1]!;
    if (to - from > 1) versions.list.set([...versions.list.subarray(from, to)].sort(compare), from);
  }
  if (duplicates > 0) warnings.push(`${duplicates} stanzas are there twice in one index`);
}
