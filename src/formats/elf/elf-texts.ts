import { cString, isElf, PT, type Reader, readerOf, readSegments } from './elf-layout.ts';

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
