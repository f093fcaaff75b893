import { crc32 } from 'node:zlib';
import { sha256 } from '../model/canonical.ts';
import type { VerifiedIndex } from '../model/package.ts';
import { fieldAt, nextField } from './index-scan.ts';
import { type NameTable, readersOf, type Tables } from './tables.ts';
import { tablesOf, type Universe, universeOf } from './universe.ts';

/**
 * A universe in binary: stanzas with only the fields that matter, then columns, then a header. The columns have a digest in the header,
 * and each stanza a checksum in the columns, so that a reader takes in only what it is asked for and still believes nothing
 * unchecked. What needs the stanzas' sizes comes after them, so that a writer never holds the whole.
 *
 *     stanzas | columns, each filled up to 8 bytes | header (JSON) | u32 its length | u32 its checksum | 'KILNUNI1'
 */
const MAGIC = 'KILNUNI1';
const FRAME = 8 + MAGIC.length;

/** Bytes that can be read at random: a file, or a buffer. */
export interface ByteSource {
  readonly size: number;
  /** Exactly `length` bytes from `offset`; fewer where the source ends. */
  read(offset: number, length: number): Buffer;
}

/** What the cache is keyed by: the digests of the indexes, their order and priorities, and the architecture. */
export function universeKey(indexes: readonly VerifiedIndex[], architecture: string): string {
  const parts = indexes.map((it) => `${it.sha256} ${it.priority} ${it.codename} ${it.suite} ${it.component}`);
  return sha256([MAGIC, architecture, ...parts].join('\n'));
}

interface Header {
  readonly key: string;
  readonly count: number;
  readonly names: number;
  readonly warnings: readonly string[];
  /** Bytes of all columns together, and their digest. */
  readonly columnBytes: number;
  readonly columnDigest: string;
  readonly columns: Readonly<Record<ColumnName, { readonly offset: number; readonly length: number }>>;
}

type ColumnName =
  | 'nameText'
  | 'nameStart'
  | 'nameOf'
  | 'indexOf'
  | 'versionStart'
  | 'versionList'
  | 'providerStart'
  | 'providerList'
  | 'essential'
  | 'stanzaStart'
  | 'checksum';

/** Fields that a universe is asked for, by their first letter. */
const KEPT = Map.groupBy(
  [
    'package',
    'version',
    'architecture',
    'source',
    'essential',
    'multi-arch',
    'installed-size',
    'size',
    'sha256',
    'filename',
    'depends',
    'pre-depends',
    'recommends',
    'suggests',
    'conflicts',
    'breaks',
    'replaces',
    'provides',
  ],
  (field) => field.charCodeAt(0),
);

/** Copies the kept fields of a stanza to `target`, as they stand. Returns the end of the copy. */
function copyKept(stanza: Buffer, target: Buffer, at: number): number {
  let end = at;
  for (let start = 0; start < stanza.length; ) {
    const next = nextField(stanza, start);
    const kept = KEPT.get(stanza[start]! | 32)?.some((field) => fieldAt(stanza, start, field));
    if (kept) end += stanza.copy(target, end, start, next);
    start = next;
  }
  return end;
}

const CHUNK = 1 << 20;

/** A universe as bytes in chunks, for `decodeUniverse`. A chunk is only good until the next one is asked for. */
export function* encodeUniverse(universe: Universe): Generator<Buffer, void, undefined> {
  const tables = tablesOf(universe);
  const stanzaStart = new Uint32Array(tables.count + 1);
  const checksum = new Uint32Array(tables.count);
  let chunk: Buffer = Buffer.allocUnsafeSlow(CHUNK);
  let used = 0;
  for (let i = 0; i < tables.count; i += 1) {
    const stanza = tables.stanza(i);
    if (used + stanza.length > chunk.length) {
      yield chunk.subarray(0, used);
      used = 0;
      if (stanza.length > chunk.length) chunk = Buffer.allocUnsafeSlow(stanza.length);
    }
    const end = copyKept(stanza, chunk, used);
    checksum[i] = crc32(chunk.subarray(used, end));
    stanzaStart[i + 1] = stanzaStart[i]! + end - used;
    used = end;
  }
  yield chunk.subarray(0, used);
  yield encodeTail(tables, stanzaStart, checksum);
}

function encodeTail(tables: Tables, stanzaStart: Uint32Array, checksum: Uint32Array): Buffer {
  const { count, names, nameOf, indexOf, versions, providers, essential, warnings } = tables;
  const nameStart = new Uint32Array(names.count + 1);
  const texts = Array.from({ length: names.count }, (_, id) => names.at(id));
  for (const [id, name] of texts.entries()) nameStart[id + 1] = nameStart[id]! + name.length;
  const { columns, bytes } = packColumns({
    nameStart,
    stanzaStart,
    checksum,
    nameOf,
    essential,
    indexOf,
    versionStart: versions.start,
    versionList: versions.list,
    providerStart: providers.start,
    providerList: providers.list,
    nameText: Buffer.from(texts.join(''), 'latin1'),
  });
  const header: Header = {
    key: universeKey(tables.indexes, tables.architecture),
    count,
    warnings,
    columns,
    names: names.count,
    columnBytes: bytes.length,
    columnDigest: sha256(bytes),
  };
  const text = Buffer.from(JSON.stringify(header));
  const frame = Buffer.alloc(FRAME);
  frame.writeUInt32LE(text.length, 0);
  frame.writeUInt32LE(crc32(text), 4);
  frame.write(MAGIC, 8, 'latin1');
  return Buffer.concat([bytes, text, frame]);
}

function packColumns(arrays: Record<ColumnName, Uint32Array | Uint8Array>): {
  columns: Header['columns'];
  bytes: Buffer;
} {
  const parts: Buffer[] = [];
  let offset = 0;
  const columns = Object.entries(arrays).map(([name, array]) => {
    const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
    const padding = Buffer.alloc(-bytes.length & 7);
    const column = { offset, length: bytes.length };
    parts.push(bytes, padding);
    offset += bytes.length + padding.length;
    return [name, column] as const;
  });
  return { columns: Object.fromEntries(columns) as Header['columns'], bytes: Buffer.concat(parts) };
}

/**
 * A universe over encoded bytes: columns are read now, stanzas when asked for. Undefined where the bytes are for other indexes, or
 * damaged. Where a stanza turns out damaged later, `rebuild` makes the tables again and all goes on from those.
 */
export function decodeUniverse(
  source: ByteSource,
  indexes: readonly VerifiedIndex[],
  architecture: string,
  rebuild: () => Tables,
): Universe | undefined {
  const framed = readHeader(source);
  if (!framed || framed.header.key !== universeKey(indexes, architecture)) return undefined;
  const { header, start } = framed;
  const columns = readColumns(source, header, start - header.columnBytes);
  return columns && universeOf(tablesFrom(source, header, columns, { indexes, architecture, rebuild }));
}

function readHeader(source: ByteSource): { header: Header; start: number } | undefined {
  const frame = source.read(Math.max(0, source.size - FRAME), FRAME);
  if (frame.length !== FRAME || frame.toString('latin1', 8) !== MAGIC) return undefined;
  const length = frame.readUInt32LE(0);
  const start = source.size - FRAME - length;
  const text = start < 0 ? Buffer.alloc(0) : source.read(start, length);
  if (text.length !== length || crc32(text) !== frame.readUInt32LE(4)) return undefined;
  return { header: JSON.parse(text.toString()), start };
}

/** The columns' bytes, at the start of a buffer of their own, so that words in them are aligned. */
function readColumns(source: ByteSource, { columnBytes, columnDigest }: Header, offset: number): Buffer | undefined {
  if (!(offset >= 0)) return undefined;
  const bytes = Buffer.allocUnsafeSlow(columnBytes);
  if (source.read(offset, columnBytes).copy(bytes) !== columnBytes) return undefined;
  return sha256(bytes) === columnDigest ? bytes : undefined;
}

function tablesFrom(
  source: ByteSource,
  header: Header,
  bytes: Buffer,
  {
    indexes,
    architecture,
    rebuild,
  }: { indexes: readonly VerifiedIndex[]; architecture: string; rebuild: () => Tables },
): Tables {
  const words = (name: ColumnName): Uint32Array => {
    const { offset, length } = header.columns[name];
    return new Uint32Array(bytes.buffer, bytes.byteOffset + offset, length / 4);
  };
  const octets = (name: ColumnName): Buffer => {
    const { offset, length } = header.columns[name];
    return bytes.subarray(offset, offset + length);
  };
  const stanzaStart = words('stanzaStart');
  const checksum = words('checksum');
  let again: Tables | undefined;
  // Fields are asked for one by one, so the stanza read last is usually the one wanted.
  let last: { number: number; text: Buffer } = { number: -1, text: Buffer.alloc(0) };
  const stanza = (number: number): Buffer => {
    if (again) return again.stanza(number);
    if (last.number === number) return last.text;
    const text = source.read(stanzaStart[number]!, stanzaStart[number + 1]! - stanzaStart[number]!);
    if (crc32(text) === checksum[number]) {
      last = { number, text };
      return text;
    }
    again = rebuild();
    return again.stanza(number);
  };
  const indexOf = octets('indexOf');
  return {
    architecture,
    indexes,
    indexOf,
    stanza,
    count: header.count,
    names: encodedNames(octets('nameText'), words('nameStart'), header.names),
    nameOf: words('nameOf'),
    versions: { start: words('versionStart'), list: words('versionList') },
    providers: { start: words('providerStart'), list: words('providerList') },
    essential: words('essential'),
    warnings: header.warnings,
    ...readersOf(stanza, indexOf, indexes),
  };
}

function encodedNames(text: Buffer, start: Uint32Array, count: number): NameTable {
  const at = (id: number): string => text.toString('latin1', start[id], start[id + 1]);
  const find = (name: string): number => {
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (at(middle) < name) low = middle + 1;
      else high = middle;
    }
    return low < count && at(low) === name ? low : -1;
  };
  return { count, at, find };
}
