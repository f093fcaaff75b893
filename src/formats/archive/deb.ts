import { KilnError } from '../../model/error.ts';
import { readRange } from '../tree/folder-tree.ts';
import { readAr } from './ar.ts';
import { type Compression, compressionOf, decompress } from './compression.ts';
import { readTarBytes } from './tar.ts';

/** A compressed tar inside a .deb: bytes of the file. */
export interface DebPart {
  readonly compression: Compression;
  readonly offset: number;
  readonly size: number;
}

/** Where a .deb (deb(5), format 2.0) has its two tars. */
export interface DebLayout {
  readonly control: DebPart;
  readonly data: DebPart;
}

/** Control members above this, unpacked, are an attack: Debian's largest has 3 MiB. */
const MAX_CONTROL = 64 << 20;

/** Finds the parts of the .deb in a file on this machine. Throws PACKAGE_CORRUPT. */
export function readDebLayout(path: string): DebLayout {
  const [first, ...rest] = readAr(path).filter((member) => !member.name.startsWith('_'));
  if (first?.name !== 'debian-binary') throw corrupt(path, 'its first member is not debian-binary');
  const version = readRange(path, first.offset, Math.min(first.size, 16)).toString('latin1');
  if (!/^2\.\d+\n/.test(version)) throw corrupt(path, `format ${JSON.stringify(version.trim())} is not 2.0`);
  const part = (stem: string): DebPart => {
    const member = rest.find(({ name }) => name === stem || name.startsWith(`${stem}.`));
    const compression = member && compressionOf(member.name, stem);
    if (!member || compression === undefined) throw corrupt(path, `it has no ${stem} that Kiln can read`);
    return { compression, offset: member.offset, size: member.size };
  };
  return { control: part('control.tar'), data: part('data.tar') };
}

/** Members of control.tar by name (`control`, `postinst`, `conffiles` …). Throws PACKAGE_CORRUPT. */
export function readControl(path: string, layout: DebLayout): Map<string, Buffer> {
  const { offset, size, compression } = layout.control;
  if (size > MAX_CONTROL) throw corrupt(path, `its control.tar has ${size} bytes`);
  const tar = unpack(readRange(path, offset, size), compression, path);
  const members = [...readTarBytes(tar, `${path} (control.tar)`)].filter((member) => member.type === 'file');
  const control = new Map(
    members.map((it) => [it.path.slice(1), Buffer.from(tar.subarray(it.offset, it.offset + it.size))]),
  );
  if (!control.has('control')) throw corrupt(path, 'it has no control file');
  return control;
}

function unpack(bytes: Buffer, compression: Compression, path: string): Buffer {
  try {
    return decompress(bytes, compression);
  } catch (cause) {
    throw corrupt(path, 'its control.tar cannot be decompressed', cause);
  }
}

function corrupt(path: string, what: string, cause?: unknown): KilnError {
  return new KilnError('PACKAGE_CORRUPT', `${path} is not a Debian package: ${what}`, {
    hint: 'fetch it again',
    cause,
  });
}
