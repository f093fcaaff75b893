/** ELF files made for tests: x86-64, with the dynamic entries, imports and texts that are asked for. */
export interface ElfRecipe {
  readonly interpreter?: string;
  readonly needed?: readonly string[];
  readonly soname?: string;
  readonly runpath?: string;
  readonly rpath?: string;
  readonly imports?: readonly string[];
  readonly exports?: readonly string[];
  readonly texts?: readonly string[];
  readonly machine?: number;
  readonly executableStack?: boolean;
}

/** Bytes of a shared object (or a position-independent program, where an interpreter is given). */
export function buildElf(recipe: ElfRecipe): Buffer {
  const names = stringTable();
  const entries = dynamicEntries(recipe, names);
  const symbols = symbolTable(recipe, names);
  const blocks = new Map<string, Buffer>([
    ['interp', Buffer.from(`${recipe.interpreter ?? ''}\0`)],
    ['strtab', names.bytes()],
    ['symtab', symbols],
    ['hash', words(1, symbols.length / 24, 0, ...Array(symbols.length / 24).fill(0))],
    ['rodata', Buffer.from(`\0${(recipe.texts ?? []).join('\0')}\0`)],
    ['shstrtab', Buffer.from('\0.rodata\0.shstrtab\0')],
  ]);
  const headers = recipe.interpreter ? 4 : 3;
  const places = new Map<string, number>();
  let at = 64 + headers * 56;
  for (const [name, block] of [...blocks, ['dynamic', Buffer.alloc((entries.length + 4) * 16)] as const]) {
    at = Math.ceil(at / 16) * 16;
    places.set(name, at);
    at += block.length;
  }
  const place = (name: string) => places.get(name)!;
  const dynamic = longs(...entries.flat(), 5, place('strtab'), 6, place('symtab'), 4, place('hash'), 0, 0);
  blocks.set('dynamic', dynamic);
  const sections = Math.ceil(at / 16) * 16;
  const file = Buffer.alloc(sections + 3 * 64);
  for (const [name, block] of blocks) block.copy(file, place(name));
  writeHeader(file, recipe, headers, sections);
  writeSegments(file, recipe, place, dynamic.length, file.length);
  writeSection(file, sections + 64, 1, place('rodata'), blocks.get('rodata')!.length, 1);
  writeSection(file, sections + 128, 9, place('shstrtab'), blocks.get('shstrtab')!.length, 3);
  return file;
}

interface Strings {
  add(value: string): number;
  bytes(): Buffer;
}

function stringTable(): Strings {
  let text = '\0';
  return {
    add(value) {
      const at = text.length;
      text += `${value}\0`;
      return at;
    },
    bytes: () => Buffer.from(text, 'latin1'),
  };
}

function dynamicEntries(recipe: ElfRecipe, names: Strings): [number, number][] {
  return [
    ...(recipe.needed ?? []).map((it): [number, number] => [1, names.add(it)]),
    ...(recipe.soname ? [[14, names.add(recipe.soname)] as [number, number]] : []),
    ...(recipe.rpath ? [[15, names.add(recipe.rpath)] as [number, number]] : []),
    ...(recipe.runpath ? [[29, names.add(recipe.runpath)] as [number, number]] : []),
  ];
}

function symbolTable({ imports = [], exports = [] }: ElfRecipe, names: Strings): Buffer {
  const symbol = (name: string, section: number) => {
    const bytes = Buffer.alloc(24);
    bytes.writeUInt32LE(names.add(name), 0);
    bytes[4] = 0x12;
    bytes.writeUInt16LE(section, 6);
    return bytes;
  };
  return Buffer.concat([
    Buffer.alloc(24),
    ...imports.map((it) => symbol(it, 0)),
    ...exports.map((it) => symbol(it, 1)),
  ]);
}

function writeHeader(file: Buffer, { machine = 62 }: ElfRecipe, headers: number, sections: number): void {
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  file.writeUInt16LE(3, 16);
  file.writeUInt16LE(machine, 18);
  file.writeBigUInt64LE(64n, 32);
  file.writeBigUInt64LE(BigInt(sections), 40);
  for (const [value, at] of [
    [64, 52],
    [56, 54],
    [headers, 56],
    [64, 58],
    [3, 60],
    [2, 62],
  ] as const)
    file.writeUInt16LE(value, at);
}

function writeSegments(
  file: Buffer,
  recipe: ElfRecipe,
  place: (name: string) => number,
  dynamic: number,
  size: number,
): void {
  const segments: [type: number, flags: number, offset: number, size: number][] = [
    [1, 5, 0, size],
    [2, 6, place('dynamic'), dynamic],
    [0x6474e551, recipe.executableStack ? 7 : 6, 0, 0],
    ...(recipe.interpreter
      ? [[3, 4, place('interp'), recipe.interpreter.length + 1] as [number, number, number, number]]
      : []),
  ];
  for (const [index, [type, flags, offset, length]] of segments.entries()) {
    const at = 64 + index * 56;
    file.writeUInt32LE(type, at);
    file.writeUInt32LE(flags, at + 4);
    for (const [value, field] of [
      [offset, 8],
      [offset, 16],
      [length, 32],
      [length, 40],
    ] as const) {
      file.writeBigUInt64LE(BigInt(value), at + field);
    }
  }
}

function writeSection(file: Buffer, at: number, name: number, offset: number, size: number, type: number): void {
  file.writeUInt32LE(name, at);
  file.writeUInt32LE(type, at + 4);
  file.writeBigUInt64LE(BigInt(offset), at + 24);
  file.writeBigUInt64LE(BigInt(size), at + 32);
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4);
  return bytes;
}

function longs(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  for (const [index, value] of values.entries()) bytes.writeBigUInt64LE(BigInt(value), index * 8);
  return bytes;
}
