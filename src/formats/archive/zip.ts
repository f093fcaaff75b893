import { inflateRawSync } from 'node:zlib';
import { KilnError } from '../../model/error.ts';

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const END_SIZE = 22;
const COMMENT_LIMIT = 0xffff;
const MEMBER_LIMIT = 2 ** 24;

/** Whether bytes begin as a ZIP archive does, such as a .jar. */
export function isZip(bytes: Buffer): boolean {
  return bytes.length >= 4 && bytes.readUInt32LE(0) === 0x04034b50;
}

/**
 * Bytes of a member of a ZIP archive (APPNOTE 4.3), stored or deflated; undefined where it has none of the name. Throws
 * PACKAGE_CORRUPT; ZIP64 and encrypted members are not read.
 */
export function readZipMember(archive: Buffer, name: string, path: string): Buffer | undefined {
  return zipMembers(archive, path)
    .find((it) => it.name === name)
    ?.read();
}

/** Members of a ZIP archive, each with a way to read it. Throws PACKAGE_CORRUPT. */
export function zipMembers(archive: Buffer, path: string): { name: string; read: () => Buffer }[] {
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      throw new KilnError('PACKAGE_CORRUPT', `${path} is not a ZIP archive that can be read`, { cause });
    }
  };
  return guarded(() => entriesOf(archive)).map((it) => ({
    name: it.name,
    read: () => guarded(() => inflate(archive, it)),
  }));
}

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly size: number;
  readonly offset: number;
}

function entriesOf(archive: Buffer): Entry[] {
  const end = endOf(archive);
  const entries: Entry[] = [];
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    if (archive.readUInt32LE(at) !== ENTRY) throw new RangeError(`no entry at ${at}`);
    const length = archive.readUInt16LE(at + 28);
    entries.push({
      name: archive.toString('utf8', at + 46, at + 46 + length),
      method: archive.readUInt16LE(at + 10),
      size: archive.readUInt32LE(at + 20),
      offset: archive.readUInt32LE(at + 42),
    });
    at += 46 + length + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return entries;
}

function endOf(archive: Buffer): number {
  const first = Math.max(0, archive.length - END_SIZE - COMMENT_LIMIT);
  for (let at = archive.length - END_SIZE; at >= first; at--) if (archive.readUInt32LE(at) === END) return at;
  throw new RangeError('no end of central directory');
}

function inflate(archive: Buffer, { method, size, offset }: Entry): Buffer {
  const start = offset + 30 + archive.readUInt16LE(offset + 26) + archive.readUInt16LE(offset + 28);
  const bytes = archive.subarray(start, start + size);
  if (method === 0) return bytes;
  if (method !== 8) throw new RangeError(`method ${method}`);
  return inflateRawSync(bytes, { maxOutputLength: MEMBER_LIMIT });
}
