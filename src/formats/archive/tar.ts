import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { BLOCK, checkSum, corrupt, decimal, number, paxRecords, untilNul } from './tar-fields.ts';
import { type Extension, flagOf, memberOf, type TarMember } from './tar-member.ts';

export type { TarMember };

/** Long names and pax records above this are an attack or damage. */
const MAX_EXTENSION = 1 << 20;
/** Flags of members that only say more of the next one. */
const EXTENSIONS = 'xgLK';
const WINDOW = 1 << 13;

type Read = (start: number, length: number) => Buffer;

/**
 * Members of the tar in a file on this machine, in its order; only headers are read. Throws PACKAGE_CORRUPT for what is not a
 * whole tar and for names that are absolute or hold `..`.
 */
export function* readTar(path: string): Generator<TarMember> {
  const file = openSync(path, 'r');
  try {
    yield* members(makeReader(file), fstatSync(file).size, path);
  } finally {
    closeSync(file);
  }
}

/** Members of a tar in memory, as `readTar`; `where` names it in faults. */
export function readTarBytes(bytes: Buffer, where: string): Generator<TarMember> {
  return members((start, length) => bytes.subarray(start, start + length), bytes.length, where);
}

function* members(read: Read, size: number, where: string): Generator<TarMember> {
  let extension: Extension = new Map();
  let offset = 0;
  while (offset + BLOCK <= size) {
    const header = read(offset, BLOCK);
    if (header.every((byte) => byte === 0)) return;
    checkSum(header, where, offset);
    const extends_ = EXTENSIONS.includes(flagOf(header));
    const stated = extends_ ? undefined : extension.get('size');
    const bytes = { size: stated ? decimal(stated, where) : number(header, 124, 12, where), offset: offset + BLOCK };
    if (bytes.offset + bytes.size > size) throw corrupt(where, `the member at byte ${offset} ends after the file`);
    if (extends_) {
      extend(extension, header, read, bytes, where);
    } else {
      yield memberOf(header, extension, bytes, where);
      extension = new Map();
    }
    offset = bytes.offset + Math.ceil(bytes.size / BLOCK) * BLOCK;
  }
  if (size === 0 || offset !== size) throw corrupt(where, 'it ends in the middle of a member');
}

function extend(
  extension: Extension,
  header: Buffer,
  read: Read,
  at: { size: number; offset: number },
  where: string,
): void {
  if (at.size > MAX_EXTENSION) throw corrupt(where, `an extension of ${at.size} bytes`);
  const bytes = read(at.offset, at.size);
  const flag = flagOf(header);
  if (flag === 'x') for (const [key, value] of paxRecords(bytes, where)) extension.set(key, value);
  if (flag === 'L') extension.set('path', untilNul(bytes));
  if (flag === 'K') extension.set('linkpath', untilNul(bytes));
}

/** Reads at an offset; headers of small members that lie together cost one read. */
function makeReader(file: number): Read {
  let window: Buffer = Buffer.alloc(0);
  let windowStart = 0;
  return (start, length) => {
    if (start < windowStart || start + length > windowStart + window.length) {
      const bytes = Buffer.allocUnsafe(Math.max(WINDOW, length));
      window = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, start));
      windowStart = start;
    }
    return window.subarray(start - windowStart, start - windowStart + length);
  };
}
