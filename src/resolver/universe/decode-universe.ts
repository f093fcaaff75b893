import { crc32 } from 'node:zlib';
import { sha256 } from '../../model/canonical.ts';
import type { VerifiedIndex } from '../../model/package.ts';
import { type ByteSource, type ColumnName, FRAME, type Header, MAGIC, universeKey } from './cache-format.ts';
import type { NameTable, Tables } from './columns.ts';
import { readersOf } from './tables.ts';
import { type Universe, universeOf } from './universe.ts';

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

/** Indexes that encoded bytes are of; undefined where they are damaged. */
export function readIndexes(source: ByteSource): readonly VerifiedIndex[] | undefined {
  return readHeader(source)?.header.indexes;
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
  const read = stanzaReader(source, stanzaStart);
  const stanza = (number: number): Buffer => {
    if (again) return again.stanza(number);
    if (last.number === number) return last.text;
    const text = read(number);
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
    identities: () => words('identity'),
    leading: () => ({ start: words('leadStart'), list: words('leadList') }),
    warnings: header.warnings,
    ...readersOf(stanza, indexOf, indexes),
  };
}

/** Reads stanzas one by one; once many are asked for, all at once: thousands of small reads take longer than one large one. */
function stanzaReader(source: ByteSource, start: Uint32Array): (number: number) => Buffer {
  let reads = 0;
  let whole: Buffer | undefined;
  return (number) => {
    reads += 1;
    if (reads === MANY_READS) whole = source.read(start[0]!, start.at(-1)! - start[0]!);
    const [from, to] = [start[number]!, start[number + 1]!];
    return whole ? whole.subarray(from - start[0]!, to - start[0]!) : source.read(from, to - from);
  };
}

/** Far more than one closure asks for. */
const MANY_READS = 5_000;

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
