import { KilnError } from '../../model/error.ts';

/** Bytes of a tar's header, and what every member is filled up to. */
export const BLOCK = 512;

/** A field without the zero bytes that fill it. */
export function untilNul(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** A header's number, octal or in GNU's binary form. Throws PACKAGE_CORRUPT, `where` naming the tar, as all here do. */
export function number(header: Buffer, start: number, length: number, where: string): number {
  if (header[start]! & 0x80) return binary(header.subarray(start, start + length), where);
  const text = untilNul(header.subarray(start, start + length))
    .toString('latin1')
    .trim();
  if (!/^[0-7]*$/.test(text)) throw corrupt(where, `${JSON.stringify(text)} is not an octal number`);
  return text === '' ? 0 : Number.parseInt(text, 8);
}

/** GNU's numbers for what octal digits cannot hold: big-endian after the marking bit. */
function binary(field: Buffer, where: string): number {
  if (field[0]! !== 0x80) throw corrupt(where, 'a negative or enormous number');
  const value = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
  if (!Number.isSafeInteger(value)) throw corrupt(where, 'an enormous number');
  return value;
}

/** A pax record's number. */
export function decimal(field: Buffer, where: string): number {
  const value = Number(field.toString());
  if (!Number.isSafeInteger(value) || value < 0)
    throw corrupt(where, `${JSON.stringify(field.toString())} is not a size`);
  return value;
}

/** Records of a pax extended header (POSIX.1-2001): `LENGTH KEY=VALUE\n` after one another. */
export function* paxRecords(bytes: Buffer, where: string): Generator<[string, Buffer]> {
  let start = 0;
  while (start < bytes.length) {
    const space = bytes.indexOf(0x20, start);
    const length = Number(bytes.toString('latin1', start, Math.max(space, start)));
    const equals = bytes.indexOf(0x3d, space);
    const end = start + length;
    if (space < 0 || !Number.isInteger(length) || end > bytes.length || equals < 0 || equals >= end || length <= 0) {
      throw corrupt(where, 'a malformed pax record');
    }
    yield [bytes.toString('utf8', space + 1, equals), bytes.subarray(equals + 1, end - 1)];
    start = end;
  }
}

/** Throws unless the header has the sum of its bytes that it states. */
export function checkSum(header: Buffer, where: string, offset: number): void {
  let sum = 0;
  for (let at = 0; at < BLOCK; at++) sum += at >= 148 && at < 156 ? 0x20 : header[at]!;
  if (sum !== number(header, 148, 8, where)) throw corrupt(where, `the header at byte ${offset} has a wrong checksum`);
}

/** The fault of a tar that is damaged or made to do harm. */
export function corrupt(where: string, what: string): KilnError {
  return new KilnError('PACKAGE_CORRUPT', `${where} is not a tar to be trusted: ${what}`, {
    hint: 'fetch it again; if it stays so, whoever made it has to mend it',
  });
}
