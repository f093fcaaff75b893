import { KilnError } from '../../model/error.ts';
import type { PackageRecord } from '../../model/package.ts';
import type { Tables } from './columns.ts';

/** Records by stanza and back. */
export interface Records {
  at(stanza: number): PackageRecord;
  stanzaOf(record: PackageRecord): number;
}

/** Makes each record when it is first asked for, and keeps it. */
export function recordsOf(tables: Tables): Records {
  const records = new Map<number, PackageRecord>();
  const stanzas = new Map<PackageRecord, number>();
  const at = (stanza: number): PackageRecord => {
    const known = records.get(stanza);
    if (known) return known;
    const record = decodeRecord(tables, stanza);
    records.set(stanza, record);
    stanzas.set(record, stanza);
    return record;
  };
  const stanzaOf = (record: PackageRecord): number => stanzas.get(record) ?? findStanza(tables, record);
  return { at, stanzaOf };
}

/** The stanza of a record that this universe did not make itself, such as a copy. */
function findStanza(tables: Tables, record: PackageRecord): number {
  const id = tables.names.find(record.name);
  const { start, list } = tables.versions;
  const run = id < 0 ? [] : list.subarray(start[id]!, start[id + 1]!);
  const same = (it: number): boolean =>
    tables.indexOf[it] === record.index && tables.field(it, 'version') === record.version;
  const stanza = run.find(same);
  if (stanza === undefined) throw new Error(`internal: ${record.name} ${record.version} is not of this universe`);
  return stanza;
}

function decodeRecord(tables: Tables, stanza: number): PackageRecord {
  const name = tables.names.at(tables.nameOf[stanza]!);
  const field = (key: string): string => tables.field(stanza, key) ?? '';
  const version = field('version');
  return {
    name,
    version,
    architecture: field('architecture'),
    source: decodeSource(field('source'), name, version),
    essential: field('essential') === 'yes',
    installedSizeKiB: decodeNumber(tables, stanza, 'Installed-Size'),
    sizeBytes: decodeNumber(tables, stanza, 'Size'),
    sha256: field('sha256'),
    filename: field('filename'),
    index: tables.indexOf[stanza]!,
  };
}

/** `Source: name (version)`; either is the binary package's own where it is not said. */
function decodeSource(text: string, name: string, version: string): PackageRecord['source'] {
  const match = /^(\S+)(?:\s+\(([^)]+)\))?$/.exec(text);
  return { name: match?.[1] ?? name, version: match?.[2] ?? version };
}

/** Installed-Size may be missing (Debian Policy §5.6.20); it then counts as 0. */
function decodeNumber(tables: Tables, stanza: number, field: string): number {
  const text = tables.field(stanza, field.toLowerCase());
  if (text === undefined || /^\d{1,15}$/.test(text)) return Number(text ?? 0);
  throw new KilnError('INDEX_CORRUPT', `${tables.place(stanza)}, field ${field}: "${text}" is not a number`);
}
