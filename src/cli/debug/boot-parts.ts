import { partitionType, readGpt, SECTOR_BYTES } from '../../formats/disk/gpt.ts';
import { readSections } from '../../formats/disk/uki.ts';
import { readRange } from '../../formats/tree/folder-tree.ts';

export interface BootParts {
  readonly linux: Buffer;
  readonly initrd: Buffer;
  readonly commandLine: string;
}

const TABLE_BYTES = 34 * SECTOR_BYTES;

/** Kernel, initrd and command line of a disk that Kiln baked, from the one file of its EFI system partition. */
export function readBootParts(diskPath: string): BootParts {
  const { partitions } = readGpt(readRange(diskPath, 0, TABLE_BYTES));
  const esp = partitions.find((it) => it.type.toLowerCase() === partitionType.efiSystem);
  if (!esp) throw new Error('internal: the disk has no EFI system partition');
  const sections = readSections(programIn(readRange(diskPath, esp.start, esp.size)));
  const section = (name: string) => {
    const found = sections.find((it) => it.name === name);
    if (!found) throw new Error(`internal: the boot image has no section ${name}`);
    return found.content;
  };
  const commandLine = section('.cmdline').toString('utf8').replace(/\0+$/, '').trim();
  return { linux: section('.linux'), initrd: section('.initrd'), commandLine };
}

/** The volume holds one file, whose bytes lie together (formats/disk/fat.ts): it begins at the first sector with a PE signature. */
function programIn(volume: Buffer): Buffer {
  for (let at = 0; at + SECTOR_BYTES <= volume.length; at += SECTOR_BYTES) {
    if (volume.toString('latin1', at, at + 2) !== 'MZ') continue;
    const signature = at + volume.readUInt32LE(at + 0x3c);
    if (volume.toString('latin1', signature, signature + 4) === 'PE\0\0') return volume.subarray(at);
  }
  throw new Error('internal: the EFI system partition holds no program');
}
