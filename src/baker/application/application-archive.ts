import { readFileSync } from 'node:fs';
import { compressionOf, decompress } from '../../formats/archive/compression.ts';
import { readDebLayout } from '../../formats/archive/deb.ts';
import { readTarBytes, type TarMember } from '../../formats/archive/tar.ts';
import { readRange } from '../../formats/tree/folder-tree.ts';
import { KilnError } from '../../model/error.ts';

/** A file of the user's own, at a path below the place where it goes. */
export interface OwnFile {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink';
  readonly mode: number;
  readonly target?: string;
  /** Bytes; 0 for what is not a file. */
  readonly size: number;
  /** All of it, or what of a range lies inside it. */
  read(range?: { readonly start: number; readonly length: number }): Buffer;
}

/** Files of a .tar (plain, gz, xz, zst) or of a .deb, as they are named in it. Throws PACKAGE_CORRUPT. */
export function tarContents(source: string): OwnFile[] {
  const bytes = source.endsWith('.deb') ? dataOfDeb(source) : unpacked(source);
  const members = [...readTarBytes(bytes, source)];
  const byPath = new Map(members.map((it) => [it.path, it]));
  return members.flatMap((member) => ownFile(member, byPath, bytes) ?? []);
}

function ownFile(member: TarMember, members: ReadonlyMap<string, TarMember>, bytes: Buffer): OwnFile | undefined {
  const { path, type, mode } = member;
  if (path === '/') return undefined;
  if (type === 'directory' || type === 'symlink')
    return { path, type, mode, target: member.target, size: 0, read: () => Buffer.alloc(0) };
  const content = type === 'link' ? members.get(member.target ?? '') : type === 'file' ? member : undefined;
  if (!content) return undefined;
  const file = bytes.subarray(content.offset, content.offset + content.size);
  const read: OwnFile['read'] = (range) => (range ? file.subarray(range.start, range.start + range.length) : file);
  return { path, type: 'file', mode, size: file.length, read };
}

function dataOfDeb(path: string): Buffer {
  const { offset, size, compression } = readDebLayout(path).data;
  return orCorrupt(path, () => decompress(readRange(path, offset, size), compression));
}

function orCorrupt(path: string, unpack: () => Buffer): Buffer {
  try {
    return unpack();
  } catch (cause) {
    const hint = 'make it again';
    throw new KilnError('PACKAGE_CORRUPT', `${path} cannot be decompressed`, { hint, cause });
  }
}

function unpacked(path: string): Buffer {
  const name = path.replace(/\.tgz$/, '.tar.gz');
  const compression = compressionOf(name, name.replace(/(?<=\.tar)\.\w+$/, ''));
  if (compression === undefined) {
    throw new KilnError('PACKAGE_CORRUPT', `${path} is compressed in a way that Kiln does not read`, {
      hint: 'use gz, xz or zst',
    });
  }
  return orCorrupt(path, () => decompress(readFileSync(path), compression));
}
