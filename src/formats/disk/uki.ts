/** The parts of a unified kernel image (UAPI Group Specifications, UKI). */
export interface UkiParts {
  /** systemd's EFI stub, a PE32+ file. */
  readonly stub: Buffer;
  readonly osRelease: string;
  readonly commandLine: string;
  readonly linux: Buffer;
  readonly initrd: Buffer;
}

const SECTION_HEADER_BYTES = 40;
const INITIALIZED_DATA_READ_ONLY = 0x40000040;

/**
 * Appends `.osrel`, `.cmdline`, `.initrd` and `.linux` to the stub as PE sections, one after the other at the next
 * section boundary. Addresses are packed: the firmware clears all of SizeOfImage, and a gap would cost boot time.
 * Throws `Error` where the stub is no PE32+ file or has no room for four more section headers.
 */
export function assembleUki(parts: UkiParts): Buffer {
  const pe = readPe(parts.stub);
  const added = [
    { name: '.osrel', content: Buffer.from(`${parts.osRelease}\0`) },
    { name: '.cmdline', content: Buffer.from(`${parts.commandLine}\0`) },
    { name: '.initrd', content: parts.initrd },
    { name: '.linux', content: parts.linux },
  ];
  const headers = Buffer.from(parts.stub.subarray(0, pe.sizeOfHeaders));
  if (pe.sectionTable + (pe.sections.length + added.length) * SECTION_HEADER_BYTES > pe.sizeOfHeaders) {
    throw new Error('internal: the EFI stub has no room for further section headers');
  }
  const chunks = [padTo(parts.stub.subarray(pe.sizeOfHeaders), pe.fileAlignment, pe.sizeOfHeaders)];
  let fileOffset = pe.sizeOfHeaders + chunks[0]!.length;
  let address = alignUp(Math.max(...pe.sections.map((section) => section.end)), pe.sectionAlignment);
  added.forEach(({ name, content }, index) => {
    const raw = padTo(content, pe.fileAlignment, 0);
    const at = pe.sectionTable + (pe.sections.length + index) * SECTION_HEADER_BYTES;
    writeSectionHeader(headers, at, { name, size: content.length, address, rawSize: raw.length, fileOffset });
    chunks.push(raw);
    fileOffset += raw.length;
    address = alignUp(address + content.length, pe.sectionAlignment);
  });
  headers.writeUInt16LE(pe.sections.length + added.length, pe.coff + 2);
  headers.writeUInt32LE(address, pe.optional + 56);
  headers.writeUInt32LE(0, pe.optional + 64);
  return Buffer.concat([headers, ...chunks]);
}

/** A section of a PE file with its bytes. */
export interface PeSection {
  readonly name: string;
  readonly address: number;
  readonly content: Buffer;
}

/** The sections of a PE32+ file, each with as many bytes as it takes in memory. Throws `Error` where it is not one. */
export function readSections(bytes: Buffer): PeSection[] {
  return readPe(bytes).sections.map(({ name, address, size, rawSize, fileOffset }) => ({
    name,
    address,
    content: bytes.subarray(fileOffset, fileOffset + Math.min(size, rawSize)),
  }));
}

function readPe(bytes: Buffer) {
  const signature = bytes.length > 0x40 ? bytes.readUInt32LE(0x3c) : 0;
  if (signature === 0 || bytes.toString('latin1', signature, signature + 4) !== 'PE\0\0') {
    throw new Error('internal: not a PE file');
  }
  const coff = signature + 4;
  const optional = coff + 20;
  if (bytes.readUInt16LE(optional) !== 0x20b) throw new Error('internal: not a PE32+ file');
  const sectionTable = optional + bytes.readUInt16LE(coff + 16);
  const sections = Array.from({ length: bytes.readUInt16LE(coff + 2) }, (_, index) =>
    readSectionHeader(bytes, sectionTable + index * SECTION_HEADER_BYTES),
  );
  return {
    coff,
    optional,
    sectionTable,
    sections,
    sectionAlignment: bytes.readUInt32LE(optional + 32),
    fileAlignment: bytes.readUInt32LE(optional + 36),
    sizeOfHeaders: bytes.readUInt32LE(optional + 60),
  };
}

function readSectionHeader(bytes: Buffer, at: number) {
  const size = bytes.readUInt32LE(at + 8);
  const address = bytes.readUInt32LE(at + 12);
  return {
    name: bytes.toString('latin1', at, at + 8).replace(/\0+$/, ''),
    size,
    address,
    end: address + size,
    rawSize: bytes.readUInt32LE(at + 16),
    fileOffset: bytes.readUInt32LE(at + 20),
  };
}

function writeSectionHeader(
  headers: Buffer,
  at: number,
  section: { name: string; size: number; address: number; rawSize: number; fileOffset: number },
): void {
  headers.fill(0, at, at + SECTION_HEADER_BYTES);
  headers.write(section.name, at, 8, 'latin1');
  headers.writeUInt32LE(section.size, at + 8);
  headers.writeUInt32LE(section.address, at + 12);
  headers.writeUInt32LE(section.rawSize, at + 16);
  headers.writeUInt32LE(section.fileOffset, at + 20);
  headers.writeUInt32LE(INITIALIZED_DATA_READ_ONLY, at + 36);
}

function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

function padTo(bytes: Buffer, alignment: number, offset: number): Buffer {
  const missing = alignUp(offset + bytes.length, alignment) - offset - bytes.length;
  return missing === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(missing)]);
}
