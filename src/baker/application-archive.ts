import { readFileSync } from 'node:fs';
import { compressionOf, decompress } from '../formats/compression.ts';
import { readDebLayout } from '../formats/deb.ts';
import { readRange } from '../formats/folder-tree.ts';
import { readTarBytes, type TarMember } from '../formats/tar.ts';
import { mergedPath } from '../formats/usr-merge.ts';
import { KilnError } from '../model/error.ts';
import type { OwnFile } from './application-files.ts';

/** Files of a .tar (plain, gz, xz, zst) as they are named in it, or of a .deb, usr-merged. Throws PACKAGE_CORRUPT. */
export function tarContents(source: string): OwnFile[] {
  const isDeb = source.endsWith('.deb');
  const bytes = isDeb ? dataOfDeb(source) : unpacked(source);
  const members = [...readTarBytes(bytes, source)];
  const byPath = new Map(members.map((it) => [it.path, it]));
  return members.flatMap((member) => {
    const file = ownFile(member, byPath, bytes);
    return file ? [isDeb ? { ...file, path: mergedPath(file.path) } : file] : [];
  });
}

function ownFile(member: TarMember, members: ReadonlyMap<string, TarMember>, bytes: Buffer): OwnFile | undefined {
  const { path, type, mode } = member;
  if (path === '/') return undefined;
  if (type === 'directory' || type === 'symlink')
    return { path, type, mode, target: member.target, read: () => Buffer.alloc(0) };
  const content = type === 'link' ? members.get(member.target ?? '') : type === 'file' ? member : undefined;
  if (!content) return undefined;
  return { path, type: 'file', mode, read: () => bytes.subarray(content.offset, content.offset + content.size) };
}

function dataOfDeb(path: string): Buffer {
  const { offset, size, compression } = readDebLayout(path).data;
  return decompress(readRange(path, offset, size), compression);
}

function unpacked(path: string): Buffer {
  const name = path.replace(/\.tgz$/, '.tar.gz');
  const compression = compressionOf(name, name.replace(/(?<=\.tar)\.\w+$/, ''));
  if (compression === undefined) {
    throw new KilnError('PACKAGE_CORRUPT', `${path} is compressed in a way that Kiln does not read`, {
      hint: 'use gz, xz or zst',
    });
  }
  return decompress(readFileSync(path), compression);
}
