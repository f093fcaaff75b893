import { crc32 } from 'node:zlib';

export const SECTOR_BYTES = 512;
const ENTRY_BYTES = 128;
const ENTRY_COUNT = 128;
const TABLE_SECTORS = (ENTRY_BYTES * ENTRY_COUNT) / SECTOR_BYTES;

/** Partition types (UAPI Group, Discoverable Partitions Specification). */
export const partitionType = {
  efiSystem: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
  rootX86_64: '4f68bce3-e8cd-4db1-96e7-fbcaf984b709',
} as const;

export interface GptPartition {
  readonly type: string;
  readonly guid: string;
  readonly name: string;
  /** Bytes from the disk's start; a multiple of 512. */
  readonly start: number;
  /** Bytes; a multiple of 512. */
  readonly size: number;
}

export interface GptLayout {
  readonly diskGuid: string;
  /** Bytes of the whole disk; a multiple of 512. */
  readonly diskSize: number;
  readonly partitions: readonly GptPartition[];
}

/**
 * A GUID partition table (UEFI 2.10 §5.3): `primary` goes to the disk's start with a protective MBR, `backup` to its
 * last 33 sectors. Throws `Error` for a layout whose partitions overlap or do not fit.
 */
export function writeGpt(layout: GptLayout): { primary: Buffer; backup: Buffer } {
  checkLayout(layout);
  const entries = Buffer.alloc(TABLE_SECTORS * SECTOR_BYTES);
  layout.partitions.forEach((partition, index) => {
    writeEntry(entries.subarray(index * ENTRY_BYTES, (index + 1) * ENTRY_BYTES), partition);
  });
  const lastSector = layout.diskSize / SECTOR_BYTES - 1;
  const primary = writeHeader(layout, entries, { here: 1, other: lastSector, table: 2 });
  const backup = writeHeader(layout, entries, { here: lastSector, other: 1, table: lastSector - TABLE_SECTORS });
  return {
    primary: Buffer.concat([protectiveMbr(lastSector), primary, entries]),
    backup: Buffer.concat([entries, backup]),
  };
}

function checkLayout({ diskSize, partitions }: GptLayout): void {
  let free = (2 + TABLE_SECTORS) * SECTOR_BYTES;
  for (const { name, start, size } of partitions) {
    const aligned = start % SECTOR_BYTES === 0 && size % SECTOR_BYTES === 0 && size > 0;
    if (!aligned || start < free) throw new Error(`internal: partition ${name} is not aligned or overlaps another`);
    free = start + size;
  }
  if (free > diskSize - (1 + TABLE_SECTORS) * SECTOR_BYTES || diskSize % SECTOR_BYTES !== 0) {
    throw new Error('internal: the partitions do not fit on the disk');
  }
}

function protectiveMbr(lastSector: number): Buffer {
  const mbr = Buffer.alloc(SECTOR_BYTES);
  Buffer.from([0x00, 0x00, 0x02, 0x00, 0xee, 0xff, 0xff, 0xff]).copy(mbr, 446);
  mbr.writeUInt32LE(1, 454);
  mbr.writeUInt32LE(Math.min(lastSector, 0xffffffff), 458);
  mbr.writeUInt16LE(0xaa55, 510);
  return mbr;
}

function writeHeader(layout: GptLayout, entries: Buffer, at: { here: number; other: number; table: number }): Buffer {
  const header = Buffer.alloc(SECTOR_BYTES);
  header.write('EFI PART', 0, 'latin1');
  header.writeUInt32LE(0x00010000, 8);
  header.writeUInt32LE(92, 12);
  header.writeBigUInt64LE(BigInt(at.here), 24);
  header.writeBigUInt64LE(BigInt(at.other), 32);
  header.writeBigUInt64LE(BigInt(2 + TABLE_SECTORS), 40);
  header.writeBigUInt64LE(BigInt(layout.diskSize / SECTOR_BYTES - 2 - TABLE_SECTORS), 48);
  guidBytes(layout.diskGuid).copy(header, 56);
  header.writeBigUInt64LE(BigInt(at.table), 72);
  header.writeUInt32LE(ENTRY_COUNT, 80);
  header.writeUInt32LE(ENTRY_BYTES, 84);
  header.writeUInt32LE(crc32(entries), 88);
  header.writeUInt32LE(crc32(header.subarray(0, 92)), 16);
  return header;
}

function writeEntry(entry: Buffer, partition: GptPartition): void {
  guidBytes(partition.type).copy(entry, 0);
  guidBytes(partition.guid).copy(entry, 16);
  entry.writeBigUInt64LE(BigInt(partition.start / SECTOR_BYTES), 32);
  entry.writeBigUInt64LE(BigInt((partition.start + partition.size) / SECTOR_BYTES - 1), 40);
  entry.write(partition.name.slice(0, 36), 56, 'utf16le');
}

/** The sixteen bytes of a GUID as EFI stores them: the first three groups little-endian. */
export function guidBytes(guid: string): Buffer {
  const bytes = Buffer.from(guid.replaceAll('-', ''), 'hex');
  if (bytes.length !== 16) throw new Error(`internal: ${guid} is not a GUID`);
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}

/** Partitions of a disk by its first 34 sectors. Throws `Error` where the table or a checksum is wrong. */
export function readGpt(primary: Buffer): GptLayout {
  const header = Buffer.from(primary.subarray(SECTOR_BYTES, SECTOR_BYTES + 92));
  const stated = header.readUInt32LE(16);
  header.writeUInt32LE(0, 16);
  const table = primary.subarray(2 * SECTOR_BYTES, (2 + TABLE_SECTORS) * SECTOR_BYTES);
  if (
    header.toString('latin1', 0, 8) !== 'EFI PART' ||
    crc32(header) !== stated ||
    crc32(table) !== header.readUInt32LE(88)
  ) {
    throw new Error('internal: not a partition table, or a damaged one');
  }
  const partitions = Array.from({ length: ENTRY_COUNT }, (_, index) =>
    table.subarray(index * ENTRY_BYTES, (index + 1) * ENTRY_BYTES),
  )
    .filter((entry) => entry.some((byte) => byte !== 0))
    .map(readEntry);
  return {
    diskGuid: guidText(header.subarray(56, 72)),
    diskSize: (Number(header.readBigUInt64LE(32)) + 1) * SECTOR_BYTES,
    partitions,
  };
}

function readEntry(entry: Buffer): GptPartition {
  const start = Number(entry.readBigUInt64LE(32)) * SECTOR_BYTES;
  const end = (Number(entry.readBigUInt64LE(40)) + 1) * SECTOR_BYTES;
  const name = entry.toString('utf16le', 56, ENTRY_BYTES).replace(/\0.*$/s, '');
  return {
    type: guidText(entry.subarray(0, 16)),
    guid: guidText(entry.subarray(16, 32)),
    name,
    start,
    size: end - start,
  };
}

function guidText(bytes: Buffer): string {
  const text = guidBytes(bytes.toString('hex')).toString('hex');
  return text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
