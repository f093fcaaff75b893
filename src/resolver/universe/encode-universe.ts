import { crc32 } from 'node:zlib';
import { sha256 } from '../../model/canonical.ts';
import { type ColumnName, FRAME, type Header, MAGIC, universeKey } from './cache-format.ts';
import type { Tables } from './columns.ts';
import { fieldAt, nextField } from './index-scan.ts';
import { tablesOf, type Universe } from './universe.ts';

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
  const leading = tables.leading();
  const nameStart = new Uint32Array(names.count + 1);
  const texts = Array.from({ length: names.count }, (_, id) => names.at(id));
  for (const [id, name] of texts.entries()) nameStart[id + 1] = nameStart[id]! + name.length;
  const { columns, bytes } = packColumns({
    nameStart,
    stanzaStart,
    checksum,
    nameOf,
    essential,
    identity: tables.identities(),
    leadStart: leading.start,
    leadList: leading.list,
    indexOf,
    versionStart: versions.start,
    versionList: versions.list,
    providerStart: providers.start,
    providerList: providers.list,
    nameText: Buffer.from(texts.join(''), 'latin1'),
  });
  const header: Header = {
    key: universeKey(tables.indexes, tables.architecture),
    indexes: tables.indexes,
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
