/** ELF files as the dynamic loader reads them (System V gABI, chapters 4 and 5; GNU extensions for versions and hashes). */

export interface ElfImport {
  readonly name: string;
  /** A weak import may stay undefined. */
  readonly weak: boolean;
  /** Version asked for, such as `GLIBC_2.34`. */
  readonly version?: string;
}

export interface ElfFacts {
  readonly bits: 32 | 64;
  /** `e_machine`: 62 is x86-64, 183 AArch64, 3 i386. */
  readonly machine: number;
  readonly type: 'relocatable' | 'executable' | 'shared' | 'core' | 'other';
  /** PT_INTERP: the program that starts this one. */
  readonly interpreter?: string;
  readonly needed: readonly string[];
  readonly soname?: string;
  readonly rpath: readonly string[];
  readonly runpath: readonly string[];
  readonly imports: readonly ElfImport[];
  /** Defined dynamic symbols; the version is that of the definition. */
  readonly exports: readonly ElfImport[];
  /** Versions that each needed library must define. */
  readonly versionNeeds: readonly { readonly library: string; readonly version: string; readonly weak: boolean }[];
  readonly versionDefinitions: readonly string[];
  readonly hasDynamic: boolean;
  /** Bit 1 of PT_GNU_STACK; undefined where the header is absent. */
  readonly executableStack?: boolean;
  readonly relro: boolean;
  readonly bindNow: boolean;
  readonly pie: boolean;
  readonly textRelocations: boolean;
}

const MAGIC = 0x7f454c46;
const TYPES = ['other', 'relocatable', 'executable', 'shared', 'core'] as const;
const PT = { load: 1, dynamic: 2, interp: 3, stack: 0x6474e551, relro: 0x6474e552 } as const;
const DT = {
  needed: 1, hash: 4, strtab: 5, symtab: 6, soname: 14, rpath: 15, textrel: 22, bindNow: 24, runpath: 29, flags: 30,
  gnuHash: 0x6ffffef5, versym: 0x6ffffff0, flags1: 0x6ffffffb, verdef: 0x6ffffffc, verdefnum: 0x6ffffffd,
  verneed: 0x6ffffffe, verneednum: 0x6fffffff,
} as const; // biome-ignore format: a table

interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
}

/** Reads numbers of the file's own byte order and word size. */
interface Reader {
  readonly bytes: Buffer;
  readonly wide: boolean;
  u16(at: number): number;
  u32(at: number): number;
  word(at: number): number;
}

/** Whether the bytes begin as an ELF file does. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes.length >= 20 && bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/** What an ELF file says to the dynamic loader; undefined for other bytes, and for those that contradict themselves. */
export function elfFacts(bytes: Buffer): ElfFacts | undefined {
  if (!isElf(bytes) || bytes.readUInt32BE(0) !== MAGIC) return undefined;
  try {
    return readElf(bytes);
  } catch (error) {
    // A length or offset that leads out of the file: no loader would take it either.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function readElf(bytes: Buffer): ElfFacts {
  const reader = readerOf(bytes);
  const segments = readSegments(reader);
  const dynamic = readDynamic(reader, segments);
  const text = stringTable(reader, segments, dynamic);
  const all = (tag: number) => (dynamic.get(tag) ?? []).map(text);
  const symbols = readSymbols(reader, segments, dynamic, text);
  const flags1 = dynamic.get(DT.flags1)?.[0] ?? 0;
  const flags = dynamic.get(DT.flags)?.[0] ?? 0;
  const interp = segments.find((segment) => segment.type === PT.interp);
  const stack = segments.find((segment) => segment.type === PT.stack);
  const type = TYPES[reader.u16(16)] ?? 'other';
  return {
    bits: reader.wide ? 64 : 32,
    machine: reader.u16(18),
    type,
    ...(interp ? { interpreter: cString(bytes, interp.offset) } : {}),
    needed: all(DT.needed),
    ...(dynamic.has(DT.soname) ? { soname: all(DT.soname)[0]! } : {}),
    rpath: all(DT.rpath).flatMap(directories),
    runpath: all(DT.runpath).flatMap(directories),
    ...symbols,
    hasDynamic: dynamic.size > 0,
    ...(stack ? { executableStack: (stack.flags & 1) === 1 } : {}),
    relro: segments.some((segment) => segment.type === PT.relro),
    bindNow: dynamic.has(DT.bindNow) || (flags & 8) !== 0 || (flags1 & 1) !== 0,
    pie: type === 'shared' && ((flags1 & 0x08000000) !== 0 || interp !== undefined),
    textRelocations: dynamic.has(DT.textrel) || (flags & 4) !== 0,
  };
}

function readerOf(bytes: Buffer): Reader {
  const wide = bytes[4] === 2;
  const little = bytes[5] === 1;
  const u16 = (at: number) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const u32 = (at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const u64 = (at: number) => (little ? u32(at) + u32(at + 4) * 2 ** 32 : u32(at) * 2 ** 32 + u32(at + 4));
  return { bytes, wide, u16, u32, word: wide ? u64 : u32 };
}

function readSegments(reader: Reader): Segment[] {
  const { wide, u16, u32, word } = reader;
  const table = word(wide ? 32 : 28);
  const size = u16(wide ? 54 : 42);
  return Array.from({ length: u16(wide ? 56 : 44) }, (_, index) => {
    const at = table + index * size;
    return {
      type: u32(at),
      flags: u32(at + (wide ? 4 : 24)),
      offset: word(at + (wide ? 8 : 4)),
      address: word(at + (wide ? 16 : 8)),
      fileSize: word(at + (wide ? 32 : 16)),
    };
  });
}

function readDynamic({ wide, word, bytes }: Reader, segments: readonly Segment[]): Map<number, number[]> {
  const entries = new Map<number, number[]>();
  const segment = segments.find((it) => it.type === PT.dynamic);
  if (!segment) return entries;
  const step = wide ? 16 : 8;
  const end = segment.offset + segment.fileSize;
  if (end > bytes.length) throw new RangeError('dynamic section outside the file');
  for (let at = segment.offset; at + step <= end; at += step) {
    const tag = word(at);
    if (tag === 0) break;
    entries.set(tag, [...(entries.get(tag) ?? []), word(at + step / 2)]);
  }
  return entries;
}

/** File offset of an address in memory; throws RangeError where no segment has it. */
function offsetOf(address: number, segments: readonly Segment[]): number {
  const segment = segments.find(
    (it) => it.type === PT.load && address >= it.address && address < it.address + it.fileSize,
  );
  if (!segment) throw new RangeError('address outside every segment');
  return address - segment.address + segment.offset;
}

function stringTable(reader: Reader, segments: readonly Segment[], dynamic: Map<number, number[]>) {
  const address = dynamic.get(DT.strtab)?.[0];
  const base = address === undefined ? undefined : offsetOf(address, segments);
  return (index: number): string => (base === undefined ? '' : cString(reader.bytes, base + index));
}

function cString(bytes: Buffer, start: number): string {
  const end = bytes.indexOf(0, start);
  if (start >= bytes.length || end < 0) throw new RangeError('text without an end');
  return bytes.toString('latin1', start, end);
}

function directories(list: string): string[] {
  return list.split(':').filter((directory) => directory !== '');
}

type Symbols = Pick<ElfFacts, 'imports' | 'exports' | 'versionNeeds' | 'versionDefinitions'>;
type Text = (index: number) => string;

function readSymbols(
  reader: Reader,
  segments: readonly Segment[],
  dynamic: Map<number, number[]>,
  text: Text,
): Symbols {
  const versions = new Map<number, string>();
  const place = (tag: number) => {
    const address = dynamic.get(tag)?.[0];
    return address === undefined ? undefined : offsetOf(address, segments);
  };
  const versionNeeds = readVersionNeeds(
    reader,
    place(DT.verneed),
    dynamic.get(DT.verneednum)?.[0] ?? 0,
    text,
    versions,
  );
  const versionDefinitions = readVersionDefinitions(
    reader, place(DT.verdef), dynamic.get(DT.verdefnum)?.[0] ?? 0, text, versions,
  ); // biome-ignore format: short
  const imports: ElfImport[] = [];
  const exports: ElfImport[] = [];
  const table = place(DT.symtab);
  const versym = place(DT.versym);
  const count = table === undefined ? 0 : symbolCount(reader, place(DT.hash), place(DT.gnuHash));
  for (let index = 1; index < count; index++) {
    const at = table! + index * (reader.wide ? 24 : 16);
    const info = reader.bytes[at + (reader.wide ? 4 : 12)]!;
    const section = reader.u16(at + (reader.wide ? 6 : 14));
    const name = text(reader.u32(at));
    if (name === '' || info >> 4 === 0) continue;
    const version = versym === undefined ? undefined : versions.get(reader.u16(versym + index * 2) & 0x7fff);
    (section === 0 ? imports : exports).push({ name, weak: info >> 4 === 2, ...(version ? { version } : {}) });
  }
  return { imports, exports, versionNeeds, versionDefinitions };
}

function readVersionNeeds(
  reader: Reader,
  start: number | undefined,
  count: number,
  text: Text,
  versions: Map<number, string>,
) {
  const needs: { library: string; version: string; weak: boolean }[] = [];
  let at = start ?? 0;
  for (let left = start === undefined ? 0 : count; left > 0; left--) {
    const library = text(reader.u32(at + 4));
    let aux = at + reader.u32(at + 8);
    for (let more = reader.u16(at + 2); more > 0; more--) {
      const version = text(reader.u32(aux + 8));
      needs.push({ library, version, weak: (reader.u16(aux + 4) & 2) !== 0 });
      versions.set(reader.u16(aux + 6) & 0x7fff, version);
      aux += reader.u32(aux + 12);
    }
    at += reader.u32(at + 12);
  }
  return needs;
}

function readVersionDefinitions(
  reader: Reader,
  start: number | undefined,
  count: number,
  text: Text,
  versions: Map<number, string>,
) {
  const definitions: string[] = [];
  let at = start ?? 0;
  for (let left = start === undefined ? 0 : count; left > 0; left--) {
    const version = text(reader.u32(at + reader.u32(at + 12)));
    const base = (reader.u16(at + 2) & 1) !== 0;
    if (!base) {
      definitions.push(version);
      versions.set(reader.u16(at + 4) & 0x7fff, version);
    }
    at += reader.u32(at + 16);
  }
  return definitions;
}

/** How many dynamic symbols there are: only the hash tables tell (a stripped file may lack section headers). */
function symbolCount(reader: Reader, hash: number | undefined, gnuHash: number | undefined): number {
  if (hash !== undefined) return reader.u32(hash + 4);
  if (gnuHash === undefined) return 0;
  const buckets = reader.u32(gnuHash);
  const first = reader.u32(gnuHash + 4);
  const bloom = reader.u32(gnuHash + 8) * (reader.wide ? 8 : 4);
  const start = gnuHash + 16 + bloom;
  let last = 0;
  for (let bucket = 0; bucket < buckets; bucket++) last = Math.max(last, reader.u32(start + bucket * 4));
  if (last < first) return first;
  const chain = start + buckets * 4;
  while ((reader.u32(chain + (last - first) * 4) & 1) === 0) last++;
  return last + 1;
}

/**
 * NUL-terminated printable texts in `.rodata` and `.data` (without section headers: in all that is loaded and not
 * executable), each once, in the file's order; at least two characters.
 */
export function elfTexts(bytes: Buffer): string[] {
  const found = new Set<string>();
  for (const { start, end } of textRanges(bytes)) {
    const matches = bytes.toString('latin1', start, end).matchAll(/(?:^|\0)([\t\x20-\x7e]{2,})(?=\0)/g);
    for (const match of matches) found.add(match[1]!);
  }
  return [...found];
}

function textRanges(bytes: Buffer): { start: number; end: number }[] {
  if (!isElf(bytes)) return [];
  try {
    const reader = readerOf(bytes);
    const sections = dataSections(reader);
    if (sections.length > 0) return sections;
    return readSegments(reader)
      .filter((it) => it.type === PT.load && (it.flags & 1) === 0)
      .map((it) => ({ start: it.offset, end: it.offset + it.fileSize }));
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}

function dataSections(reader: Reader): { start: number; end: number }[] {
  const { wide, u16, u32, word, bytes } = reader;
  const table = word(wide ? 40 : 32);
  const size = u16(wide ? 58 : 46);
  const count = u16(wide ? 60 : 48);
  if (table === 0 || count === 0) return [];
  const header = (index: number) => table + index * size;
  const place = (at: number) => ({ start: word(at + (wide ? 24 : 16)), length: word(at + (wide ? 32 : 20)) });
  const names = place(header(u16(wide ? 62 : 50))).start;
  return Array.from({ length: count }, (_, index) => header(index))
    .filter((at) => /^\.(rodata|data)(\..*)?$/.test(cString(bytes, names + u32(at))) && u32(at + 4) === 1)
    .map(place)
    .map(({ start, length }) => ({ start, end: start + length }));
}
