/** How an ELF file is laid out: numbers in its own byte order, segments, texts. */

/** Segment types. */
export const PT = { load: 1, dynamic: 2, interp: 3, stack: 0x6474e551, relro: 0x6474e552 } as const;

/** Dynamic section tags. */
export const DT = {
  needed: 1, hash: 4, strtab: 5, symtab: 6, soname: 14, rpath: 15, textrel: 22, bindNow: 24, runpath: 29, flags: 30,
  gnuHash: 0x6ffffef5, versym: 0x6ffffff0, flags1: 0x6ffffffb, verdef: 0x6ffffffc, verdefnum: 0x6ffffffd,
  verneed: 0x6ffffffe, verneednum: 0x6fffffff,
} as const; // biome-ignore format: a table

/** One program header; offsets and sizes in bytes. */
export interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
}

/** Reads numbers of the file's own byte order and word size. */
export interface Reader {
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

/** A reader for the byte order and word size that the file states. */
export function readerOf(bytes: Buffer): Reader {
  const wide = bytes[4] === 2;
  const little = bytes[5] === 1;
  const u16 = (at: number) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const u32 = (at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const u64 = (at: number) => (little ? u32(at) + u32(at + 4) * 2 ** 32 : u32(at) * 2 ** 32 + u32(at + 4));
  return { bytes, wide, u16, u32, word: wide ? u64 : u32 };
}

/** Program headers; throws RangeError where they lie outside the file. */
export function readSegments(reader: Reader): Segment[] {
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

/** File offset of an address in memory; throws RangeError where no segment has it. */
export function offsetOf(address: number, segments: readonly Segment[]): number {
  const segment = segments.find(
    (it) => it.type === PT.load && address >= it.address && address < it.address + it.fileSize,
  );
  if (!segment) throw new RangeError('address outside every segment');
  return address - segment.address + segment.offset;
}

/** Text up to its NUL; throws RangeError without one. */
export function cString(bytes: Buffer, start: number): string {
  const end = bytes.indexOf(0, start);
  if (start >= bytes.length || end < 0) throw new RangeError('text without an end');
  return bytes.toString('latin1', start, end);
}
