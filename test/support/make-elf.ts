/** What a made ELF file says to the loader; all else in it is empty. */
export interface MadeElf {
  readonly interpreter?: string;
  readonly soname?: string;
  readonly needed?: readonly string[];
  readonly runpath?: string;
  readonly rpath?: string;
  /** `name`, or `name@VERSION of LIBRARY`; a leading `?` makes it weak. */
  readonly imports?: readonly string[];
  /** `name` or `name@VERSION`. */
  readonly exports?: readonly string[];
  readonly machine?: number;
}

interface Symbol {
  readonly name: string;
  readonly version?: string;
  readonly library?: string;
  readonly weak: boolean;
  readonly defined: boolean;
}

/** Bytes of a 64-bit little-endian shared object (a program where it has an interpreter), loadable nowhere and readable everywhere. */
export function makeElf(elf: MadeElf): Buffer {
  const text = makeText();
  const symbols = [
    ...(elf.imports ?? []).map((it) => parse(it, false)),
    ...(elf.exports ?? []).map((it) => parse(it, true)),
  ];
  const versions = [...new Set(symbols.flatMap((it) => it.version ?? []))];
  const numberOf = (version: string | undefined) => (version === undefined ? 1 : 2 + versions.indexOf(version));
  const parts = {
    interp: Buffer.from(elf.interpreter ? `${elf.interpreter}\0` : ''),
    symtab: Buffer.concat([Buffer.alloc(24), ...symbols.map((it) => symbolEntry(text.at(it.name), it))]),
    hash: words(1, symbols.length + 1, ...Array(symbols.length + 2).fill(0)),
    versym: halves(0, ...symbols.map((it) => numberOf(it.version))),
    ...versionTables(elf, symbols, numberOf, text),
  };
  const names = {
    needed: (elf.needed ?? []).map(text.at),
    soname: elf.soname && text.at(elf.soname),
    runpath: elf.runpath && text.at(elf.runpath),
    rpath: elf.rpath && text.at(elf.rpath),
  };
  const start = 64 + 4 * 56;
  const offsets: Record<string, number> = {};
  let at = start;
  for (const [name, bytes] of [...Object.entries(parts), ['strtab', text.bytes()] as const]) {
    offsets[name] = at;
    at += align(bytes.length);
  }
  const dynamic = dynamicTable(names, offsets, parts);
  const header = fileHeader(elf, offsets.interp!, parts.interp.length, at, dynamic.length);
  return Buffer.concat([header, ...[...Object.values(parts), text.bytes()].map(padded), dynamic]);
}

function parse(text: string, defined: boolean): Symbol {
  const [, mark, name = '', version, library] = /^(\?)?([^@ ]+)(?:@(\S+))?(?: of (\S+))?$/.exec(text) ?? [];
  return { name, version, library, weak: mark !== undefined, defined };
}

function makeText() {
  let content = '\0';
  const known = new Map<string, number>();
  return {
    at: (text: string): number => {
      if (!known.has(text)) {
        known.set(text, content.length);
        content += `${text}\0`;
      }
      return known.get(text)!;
    },
    bytes: () => Buffer.from(content, 'latin1'),
  };
}

type Text = ReturnType<typeof makeText>;

function symbolEntry(name: number, { weak, defined }: Symbol): Buffer {
  const entry = Buffer.alloc(24);
  entry.writeUInt32LE(name, 0);
  entry[4] = ((weak ? 2 : 1) << 4) | 2;
  entry.writeUInt16LE(defined ? 1 : 0, 6);
  return entry;
}

function versionTables(elf: MadeElf, symbols: readonly Symbol[], numberOf: (version: string) => number, text: Text) {
  const needs = Map.groupBy(
    symbols.filter((it) => !it.defined && it.version !== undefined),
    ({ library }) => library ?? 'libc.so.6',
  );
  const verneed = [...needs].map(([library, asking], index) => {
    const wanted = [...new Map(asking.map((it) => [it.version!, it])).values()];
    const aux = wanted.map((it, place) =>
      Buffer.concat([
        words(0),
        halves(it.weak ? 2 : 0, numberOf(it.version!)),
        words(text.at(it.version!), place + 1 < wanted.length ? 16 : 0),
      ]),
    );
    const next = index + 1 < needs.size ? 16 + 16 * aux.length : 0;
    return Buffer.concat([halves(1, aux.length), words(text.at(library), 16, next), ...aux]);
  });
  const defined = [...new Set(symbols.filter((it) => it.defined).flatMap((it) => it.version ?? []))];
  const all = defined.length > 0 ? [elf.soname ?? 'base', ...defined] : [];
  const verdef = all.map((version, index) =>
    Buffer.concat([
      halves(1, index === 0 ? 1 : 0, index === 0 ? 1 : numberOf(version), 1),
      words(0, 20, index + 1 < all.length ? 28 : 0, text.at(version), 0),
    ]),
  );
  return {
    verneed: Buffer.concat(verneed),
    verdef: Buffer.concat(verdef),
    counts: words(verneed.length, verdef.length),
  };
}

interface Names {
  readonly needed: readonly number[];
  readonly soname?: number | '';
  readonly runpath?: number | '';
  readonly rpath?: number | '';
}

function dynamicTable(
  names: Names,
  offsets: Readonly<Record<string, number>>,
  parts: { verneed: Buffer; verdef: Buffer; counts: Buffer },
): Buffer {
  const entries: [number, number][] = names.needed.map((name) => [1, name]);
  if (names.soname) entries.push([14, names.soname]);
  if (names.rpath) entries.push([15, names.rpath]);
  if (names.runpath) entries.push([29, names.runpath]);
  entries.push([4, offsets.hash!], [5, offsets.strtab!], [6, offsets.symtab!], [0x6ffffff0, offsets.versym!]);
  if (parts.verneed.length > 0)
    entries.push([0x6ffffffe, offsets.verneed!], [0x6fffffff, parts.counts.readUInt32LE(0)]);
  if (parts.verdef.length > 0) entries.push([0x6ffffffc, offsets.verdef!], [0x6ffffffd, parts.counts.readUInt32LE(4)]);
  entries.push([0, 0]);
  return Buffer.concat(entries.flatMap((pair) => pair.map(long)));
}

function fileHeader(elf: MadeElf, interp: number, interpSize: number, dynamic: number, dynamicSize: number): Buffer {
  const end = dynamic + dynamicSize;
  const ident = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  const segment = (type: number, flags: number, offset: number, size: number) =>
    Buffer.concat([words(type, flags), ...[offset, offset, offset, size, size, 8].map(long)]);
  return Buffer.concat([
    ident,
    halves(3, elf.machine ?? 62),
    words(1),
    ...[0, 64, 0].map(long),
    words(0),
    halves(64, 56, 4, 64, 0, 0),
    segment(1, 5, 0, end),
    segment(2, 6, dynamic, dynamicSize),
    segment(0x6474e551, 6, 0, 0),
    elf.interpreter ? segment(3, 4, interp, interpSize) : segment(0, 0, 0, 0),
  ]);
}

const align = (size: number): number => Math.ceil(size / 8) * 8;
const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(align(bytes.length) - bytes.length)]);

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4);
  return bytes;
}

function halves(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16LE(value, index * 2);
  return bytes;
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
