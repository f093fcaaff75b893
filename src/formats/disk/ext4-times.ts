import { readSync, writeSync } from 'node:fs';

const INODE_UNINITIALISED = 0x1;
const METADATA_CHECKSUMS = 0x400;
const BLOCKS_64_BIT = 0x80;

interface Geometry {
  readonly blockSize: number;
  readonly groups: number;
  readonly inodesPerGroup: number;
  readonly inodeSize: number;
  readonly descriptorSize: number;
  readonly descriptorsAt: number;
  /** Undefined: the file system has no metadata checksums. */
  readonly checksumSeed: number | undefined;
}

/**
 * Sets the access, change and creation time of every inode of an ext4 file system to `time` (seconds), in place: mke2fs copies
 * the change time of what it reads, and no call sets that. `offset`: bytes from the file's start to the file system's.
 * Returns the number of inodes. Throws `Error` where there is no such file system (Linux, ext4 data structures).
 */
export function setInodeTimes(descriptor: number, offset: number, time: number): number {
  const geometry = readGeometry(readAt(descriptor, offset + 1024, 1024));
  const descriptors = readAt(descriptor, offset + geometry.descriptorsAt, geometry.groups * geometry.descriptorSize);
  let count = 0;
  for (let group = 0; group < geometry.groups; group++) {
    const place = readGroup(descriptors.subarray(group * geometry.descriptorSize), geometry);
    if (place.used === 0) continue;
    const bitmap = readAt(descriptor, offset + place.bitmapAt, Math.ceil(geometry.inodesPerGroup / 8));
    const table = readAt(descriptor, offset + place.tableAt, place.used * geometry.inodeSize);
    for (let index = 0; index < place.used; index++) {
      if (((bitmap[index >> 3]! >> (index & 7)) & 1) === 0) continue;
      const inode = table.subarray(index * geometry.inodeSize, (index + 1) * geometry.inodeSize);
      if (inode.readUInt16LE(0) === 0) continue;
      setTimes(inode, time, group * geometry.inodesPerGroup + index + 1, geometry.checksumSeed);
      count += 1;
    }
    writeSync(descriptor, table, 0, table.length, offset + place.tableAt);
  }
  return count;
}

function readAt(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  readSync(descriptor, bytes, 0, length, position);
  return bytes;
}

function readGeometry(superblock: Buffer): Geometry {
  if (superblock.readUInt16LE(0x38) !== 0xef53) throw new Error('internal: not an ext4 file system');
  const blockSize = 1024 << superblock.readUInt32LE(0x18);
  const firstBlock = superblock.readUInt32LE(0x14);
  const wide = (superblock.readUInt32LE(0x60) & BLOCKS_64_BIT) !== 0;
  const checked = (superblock.readUInt32LE(0x64) & METADATA_CHECKSUMS) !== 0;
  return {
    blockSize,
    groups: Math.ceil((superblock.readUInt32LE(0x04) - firstBlock) / superblock.readUInt32LE(0x20)),
    inodesPerGroup: superblock.readUInt32LE(0x28),
    inodeSize: superblock.readUInt16LE(0x58),
    descriptorSize: wide ? superblock.readUInt16LE(0xfe) : 32,
    descriptorsAt: (firstBlock + 1) * blockSize,
    checksumSeed: checked ? crc32c(0xffffffff, superblock.subarray(0x68, 0x78)) : undefined,
  };
}

function readGroup(entry: Buffer, geometry: Geometry): { bitmapAt: number; tableAt: number; used: number } {
  const wide = geometry.descriptorSize >= 64;
  const block = (low: number, high: number) =>
    (entry.readUInt32LE(low) + (wide ? entry.readUInt32LE(high) * 2 ** 32 : 0)) * geometry.blockSize;
  const unused = entry.readUInt16LE(0x1c) + (wide ? entry.readUInt16LE(0x32) * 2 ** 16 : 0);
  const untouched = (entry.readUInt16LE(0x12) & INODE_UNINITIALISED) !== 0;
  return {
    bitmapAt: block(0x04, 0x24),
    tableAt: block(0x08, 0x28),
    used: untouched ? 0 : geometry.inodesPerGroup - unused,
  };
}

function setTimes(inode: Buffer, time: number, number: number, seed: number | undefined): void {
  for (const at of [0x08, 0x0c]) inode.writeUInt32LE(time, at);
  const extra = inode.length > 128 ? inode.readUInt16LE(0x80) : 0;
  if (extra >= 28) {
    for (const at of [0x84, 0x88, 0x8c, 0x94]) inode.writeUInt32LE(0, at);
    inode.writeUInt32LE(time, 0x90);
  }
  if (seed === undefined) return;
  inode.writeUInt16LE(0, 0x7c);
  if (extra >= 4) inode.writeUInt16LE(0, 0x82);
  const prefix = Buffer.alloc(8);
  prefix.writeUInt32LE(number, 0);
  inode.copy(prefix, 4, 0x64, 0x68);
  const checksum = crc32c(crc32c(seed, prefix), inode);
  inode.writeUInt16LE(checksum & 0xffff, 0x7c);
  if (extra >= 4) inode.writeUInt16LE(checksum >>> 16, 0x82);
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0x82f63b78 : 0);
  return value;
});

/** CRC-32C carried on from `seed`, without the final inversion, as ext4 has it. */
function crc32c(seed: number, bytes: Uint8Array): number {
  let value = seed;
  for (const byte of bytes) value = (value >>> 8) ^ TABLE[(value ^ byte) & 0xff]!;
  return value >>> 0;
}
