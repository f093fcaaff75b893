import type { FileType } from '../../model/file-tree.ts';
import { BLOCK } from './tar-fields.ts';

/** A member to write. `name` is taken as it is: such as `./usr/bin/x`, a directory's with a `/` at its end. */
export interface TarHeader {
  readonly name: string;
  readonly type: FileType | 'link';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes that follow; 0 for all but files. */
  readonly size: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
  /** Text of a symbolic link, or name of the member that a hard link shares its bytes with. */
  readonly target?: string;
  /** Major and minor number of a device. */
  readonly device?: readonly [number, number];
  readonly xattrs?: ReadonlyMap<string, Buffer>;
}

const FLAGS = { file: '0', link: '1', symlink: '2', character: '3', block: '4', directory: '5', fifo: '6' } as const;
const MAX_OCTAL_7 = 0o7777777;
const MAX_OCTAL_11 = 0o77777777777;

/** The header blocks of a member: ustar (POSIX.1-1988), with pax records (POSIX.1-2001) before it for what ustar cannot hold. */
export function encodeHeader(header: TarHeader): Buffer {
  const records = paxRecordsOf(header);
  const own = ustar(header, FLAGS[header.type], header.size);
  if (records.length === 0) return own;
  // Names of pax members mean nothing to readers; a fixed one keeps equal trees equal.
  const extension = ustar({ ...header, name: './PaxHeader', target: '', mode: 0o644 }, 'x', records.length);
  return Buffer.concat([extension, padded(records), own]);
}

/** Zero bytes that fill the last block of `size` bytes. */
export function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, padding(bytes.length)]);
}

function paxRecordsOf({ name, target = '', size, uid, gid, xattrs }: TarHeader): Buffer {
  const records = new Map<string, string | Buffer>();
  if (!fits(name)) records.set('path', name);
  if (!fits(target)) records.set('linkpath', target);
  if (size > MAX_OCTAL_11) records.set('size', String(size));
  if (uid > MAX_OCTAL_7) records.set('uid', String(uid));
  if (gid > MAX_OCTAL_7) records.set('gid', String(gid));
  for (const [key, value] of xattrs ?? []) records.set(`SCHILY.xattr.${key}`, value);
  const sorted = [...records].sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.concat(sorted.map(([key, value]) => paxRecord(key, Buffer.from(value as string))));
}

/** Whether ustar's 100 bytes hold the text; other than ASCII has no encoding there. */
function fits(text: string): boolean {
  return text.length <= 100 && /^[\x20-\x7e]*$/.test(text);
}

function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  // The length counts its own digits.
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

function ustar({ name, mode, uid, gid, mtime, target = '', device }: TarHeader, flag: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, digits: number, most: number) =>
    block.write(Math.min(value, most).toString(8).padStart(digits, '0'), at, 'latin1');
  block.write(name.slice(0, 100), 0, 100, 'utf8');
  octal(mode, 100, 7, MAX_OCTAL_7);
  octal(uid, 108, 7, MAX_OCTAL_7);
  octal(gid, 116, 7, MAX_OCTAL_7);
  octal(size, 124, 11, MAX_OCTAL_11);
  octal(mtime, 136, 11, MAX_OCTAL_11);
  block.write(flag, 156, 'latin1');
  block.write(target.slice(0, 100), 157, 100, 'utf8');
  block.write('ustar\x0000', 257, 'latin1');
  octal(device?.[0] ?? 0, 329, 7, MAX_OCTAL_7);
  octal(device?.[1] ?? 0, 337, 7, MAX_OCTAL_7);
  block.write(' '.repeat(8), 148, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
