import { expect, test } from 'vitest';
import { DIRECTORY, REGULAR, SYMLINK, writeCpio } from '../../../src/formats/archive/cpio.ts';
import { fatVolumeSize, writeFat32 } from '../../../src/formats/disk/fat.ts';
import { guidBytes, partitionType, readGpt, writeGpt } from '../../../src/formats/disk/gpt.ts';
import { assembleUki, readSections } from '../../../src/formats/disk/uki.ts';
import { makeStub } from '../../support/efi-stub.ts';

const MIB = 2 ** 20;
const layout = {
  diskGuid: '0f0e0d0c-0b0a-4908-8706-050403020100',
  diskSize: 64 * MIB,
  partitions: [
    {
      type: partitionType.efiSystem,
      guid: '11111111-2222-4333-8444-555555555555',
      name: 'esp',
      start: MIB,
      size: 34 * MIB,
    },
    {
      type: partitionType.rootX86_64,
      guid: '66666666-7777-4888-9999-aaaaaaaaaaaa',
      name: 'root',
      start: 35 * MIB,
      size: 28 * MIB,
    },
  ],
};

test('a partition table is read as it was written', () => {
  const { primary, backup } = writeGpt(layout);
  expect(readGpt(primary)).toEqual(layout);
  expect([primary.length, backup.length]).toEqual([34 * 512, 33 * 512]);
  expect(primary.readUInt16LE(510)).toBe(0xaa55);
});

test('a damaged partition table is noticed', () => {
  const { primary } = writeGpt(layout);
  primary[1024 + 40]! ^= 1;
  expect(() => readGpt(primary)).toThrow('damaged');
});

test.each([
  { summary: 'one that overlaps another', start: 34 * MIB, size: MIB },
  { summary: 'one that is not aligned', start: 35 * MIB + 1, size: MIB },
  { summary: 'one that reaches into the backup table', start: 35 * MIB, size: 29 * MIB },
])('a partition is refused: $summary', ({ start, size }) => {
  const [esp, root] = layout.partitions;
  expect(() => writeGpt({ ...layout, partitions: [esp!, { ...root!, start, size }] })).toThrow('internal');
});

test('a GUID is stored with its first three groups little-endian', () => {
  expect(guidBytes('00112233-4455-6677-8899-aabbccddeeff').toString('hex')).toBe('33221100554477668899aabbccddeeff');
});

test('a cpio archive lists and gives back its members', () => {
  const archive = writeCpio([
    { path: 'bin', mode: DIRECTORY | 0o755 },
    { path: 'bin/hello', mode: REGULAR | 0o755, content: Buffer.from('hello, kernel') },
    { path: 'init', mode: SYMLINK | 0o777, content: Buffer.from('bin/hello') },
  ]);
  expect(archive.length % 512).toBe(0);
  expect(listCpio(archive)).toEqual(['40755 bin ""', '100755 bin/hello "hello, kernel"', '120777 init "bin/hello"']);
});

/** Reads newc independently of the writer: header of 110 characters, name and content each padded to four bytes. */
function listCpio(archive: Buffer): string[] {
  const rows: string[] = [];
  for (let at = 0; ; ) {
    const field = (index: number) =>
      Number.parseInt(archive.toString('latin1', at + 6 + index * 8, at + 14 + index * 8), 16);
    const name = archive.toString('latin1', at + 110, at + 110 + field(11) - 1);
    if (name === 'TRAILER!!!') return rows;
    const content = Math.ceil((at + 110 + field(11)) / 4) * 4;
    rows.push(
      `${field(1).toString(8)} ${name} ${JSON.stringify(archive.toString('utf8', content, content + field(6)))}`,
    );
    at = Math.ceil((content + field(6)) / 4) * 4;
  }
}

test('a unified kernel image holds its parts, page by page behind the stub', () => {
  const parts = { osRelease: 'ID=debian\n', commandLine: 'root=UUID=1 quiet' };
  const linux = Buffer.alloc(10_000, 'k');
  const initrd = Buffer.alloc(5_001, 'i');
  const stub = makeStub();
  const uki = assembleUki({ stub, ...parts, linux, initrd });
  const sections = readSections(uki);
  expect(sections.map((section) => section.name)).toEqual(['.text', '.osrel', '.cmdline', '.initrd', '.linux']);
  expect(sections[1]!.content.toString()).toBe('ID=debian\n\0');
  expect(sections[2]!.content.toString()).toBe('root=UUID=1 quiet\0');
  expect(sections[3]!.content.equals(initrd) && sections[4]!.content.equals(linux)).toBe(true);
  for (const { address } of sections) expect(address % 4096).toBe(0);
  const ends = sections.map(({ address, content }) => address + content.length);
  expect(sections.slice(1).every(({ address }, index) => address >= ends[index]!)).toBe(true);
});

test.each([
  { summary: 'what is no PE file', stub: Buffer.alloc(1024) },
  { summary: 'a stub with no room for further headers', stub: makeStub({ sizeOfHeaders: 512 }) },
])('$summary is refused as a stub', ({ stub }) => {
  const content = Buffer.from('x');
  expect(() => assembleUki({ stub, osRelease: '', commandLine: '', linux: content, initrd: content })).toThrow(
    'internal',
  );
});

test('a file of a FAT volume is found from its boot sector, whole', () => {
  const content = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 251));
  const size = fatVolumeSize(content.length);
  const files = [{ path: 'EFI/BOOT/BOOTX64.EFI', content }];
  const volume = writeFat32({ size, volumeId: 0xcafe0001, label: 'KILN-ESP', hiddenBytes: 0, time: 1.7e9, files });
  expect(readFatFile(volume, ['EFI        ', 'BOOT       ', 'BOOTX64 EFI']).equals(content)).toBe(true);
  expect(volume.length).toBeLessThan(size);
});

/** Follows a FAT32 volume's structures from its boot sector to a file. */
function readFatFile(volume: Buffer, names: readonly string[]): Buffer {
  const fat = volume.readUInt16LE(14) * 512;
  const data = fat + volume.readUInt8(16) * volume.readUInt32LE(36) * 512;
  const clusterBytes = volume.readUInt8(13) * 512;
  const chain = (first: number): Buffer => {
    const pieces: Buffer[] = [];
    for (let cluster = first; cluster < 0x0ffffff8; cluster = volume.readUInt32LE(fat + cluster * 4)) {
      pieces.push(volume.subarray(data + (cluster - 2) * clusterBytes, data + (cluster - 1) * clusterBytes));
    }
    return Buffer.concat(pieces);
  };
  let content = chain(volume.readUInt32LE(44));
  for (const name of names) {
    const at = content.indexOf(name, 0, 'latin1');
    const first = content.readUInt16LE(at + 20) * 65536 + content.readUInt16LE(at + 26);
    content = chain(first).subarray(0, content.readUInt32LE(at + 28) || undefined);
  }
  return content;
}

test('a name that is not 8.3 is refused', () => {
  const files = [{ path: 'kernel.efi', content: Buffer.alloc(1) }];
  const request = { size: 40 * MIB, volumeId: 1, label: 'X', hiddenBytes: 0, time: 0, files };
  expect(() => writeFat32(request)).toThrow('8.3');
});
