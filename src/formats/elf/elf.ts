import type { ElfFacts } from './elf-facts.ts';
import { cString, DT, isElf, offsetOf, PT, type Reader, readerOf, readSegments, type Segment } from './elf-layout.ts';
import { readSymbols } from './elf-symbols.ts';

export type { ElfFacts, ElfImport } from './elf-facts.ts';
export { isElf } from './elf-layout.ts';

const TYPES = ['other', 'relocatable', 'executable', 'shared', 'core'] as const;

/** What an ELF file says to the dynamic loader; undefined for other bytes, and for those that contradict themselves. */
export function elfFacts(bytes: Buffer): ElfFacts | undefined {
  if (!isElf(bytes)) return undefined;
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
    const values = entries.get(tag);
    if (values) values.push(word(at + step / 2));
    else entries.set(tag, [word(at + step / 2)]);
  }
  return entries;
}

function stringTable(reader: Reader, segments: readonly Segment[], dynamic: Map<number, number[]>) {
  const address = dynamic.get(DT.strtab)?.[0];
  const base = address === undefined ? undefined : offsetOf(address, segments);
  return (index: number): string => (base === undefined ? '' : cString(reader.bytes, base + index));
}

function directories(list: string): string[] {
  return list.split(':').filter((directory) => directory !== '');
}
