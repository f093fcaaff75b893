import type { FileTree } from '../../model/file-tree.ts';

const PATH = '/etc/ld.so.cache';
const MAGIC = 'glibc-ld.so.cache1.1';
const HEADER_BYTES = 48;
const ENTRY_BYTES = 24;

/** Paths by soname in a tree's /etc/ld.so.cache, best first; empty where there is none or it is damaged, as for ld.so itself. */
export function readLoaderCache(tree: FileTree): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  if (tree.resolve(PATH)?.type !== 'file') return found;
  const bytes = tree.read(PATH);
  const start = bytes.indexOf(MAGIC);
  if (start < 0 || bytes.length < start + HEADER_BYTES) return found;
  const count = bytes.readUInt32LE(start + 20);
  if (bytes.length < start + HEADER_BYTES + count * ENTRY_BYTES) return found;
  for (let index = 0; index < count; index++) {
    const at = start + HEADER_BYTES + index * ENTRY_BYTES;
    const soname = textAt(bytes, start + bytes.readUInt32LE(at + 4));
    const path = textAt(bytes, start + bytes.readUInt32LE(at + 8));
    found.set(soname, [...(found.get(soname) ?? []), path]);
  }
  return found;
}

function textAt(bytes: Buffer, at: number): string {
  const end = bytes.indexOf(0, at);
  return bytes.toString('latin1', at, end < 0 ? at : end);
}
