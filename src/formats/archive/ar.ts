import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { KilnError } from '../../model/error.ts';

/** A member of an ar archive: where its bytes lie in the file. */
export interface ArMember {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

const MAGIC = '!<arch>\n';
const HEADER = 60;

/** Members of the ar archive in a file on this machine (ar(5), common format), in its order. Throws PACKAGE_CORRUPT. */
export function readAr(path: string): ArMember[] {
  const file = openSync(path, 'r');
  try {
    const read = (start: number, length: number) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, start));
    };
    return [...members(read, fstatSync(file).size, path)];
  } finally {
    closeSync(file);
  }
}

function* members(read: (start: number, length: number) => Buffer, size: number, path: string): Generator<ArMember> {
  if (read(0, MAGIC.length).toString('latin1') !== MAGIC) throw corrupt(path, 'it does not begin as an ar archive');
  let offset = MAGIC.length;
  while (offset < size) {
    const match = /^(.{16}).{32}([0-9]{1,10}) *`\n$/s.exec(read(offset, HEADER).toString('latin1'));
    if (!match) throw corrupt(path, `the header at byte ${offset} is damaged`);
    const member = { name: match[1]!.trimEnd().replace(/\/$/, ''), offset: offset + HEADER, size: Number(match[2]) };
    if (member.offset + member.size > size) throw corrupt(path, `member ${member.name} ends after the file`);
    yield member;
    offset = member.offset + member.size + (member.size % 2);
  }
}

function corrupt(path: string, what: string): KilnError {
  return new KilnError('PACKAGE_CORRUPT', `${path} is not a Debian package: ${what}`, { hint: 'fetch it again' });
}
