import type { FileType } from '../../model/file-tree.ts';
import { corrupt, decimal, number, untilNul } from './tar-fields.ts';

/** One member of a tar (POSIX ustar with pax records, or GNU). Numbers are bytes; `path` is absolute and normalised. */
export interface TarMember {
  readonly path: string;
  readonly type: FileType | 'link';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
  /** Text of a symbolic link, or absolute path of a hard link's file. */
  readonly target?: string;
  /** Where in the tar the member's bytes begin. */
  readonly offset: number;
  /** Extended attributes, by name. */
  readonly xattrs: ReadonlyMap<string, Buffer>;
}

/** What pax records or GNU's long names state of the member that follows them. */
export type Extension = Map<string, Buffer>;

const XATTR = 'SCHILY.xattr.';
const TYPES: Readonly<Record<string, TarMember['type']>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'link',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
};

/** The member whose header this is; `size` bytes of it begin at `offset`. Throws PACKAGE_CORRUPT, `where` naming the tar. */
export function memberOf(
  header: Buffer,
  extension: Extension,
  bytes: { size: number; offset: number },
  where: string,
): TarMember {
  const { size, offset } = bytes;
  const flag = flagOf(header);
  const type = TYPES[flag];
  if (!type) throw corrupt(where, `a member of unknown type ${JSON.stringify(flag)}`);
  const name = extension.get('path')?.toString() ?? headerName(header);
  const path = memberPath(name, where);
  const link = extension.get('linkpath')?.toString() ?? untilNul(header.subarray(157, 257)).toString();
  const own = (key: string, at: number) => {
    const stated = extension.get(key);
    return stated ? decimal(stated, where) : number(header, at, 8, where);
  };
  const bare = type !== 'file' && type !== 'directory';
  if (bare && size > 0) throw corrupt(where, `${path} is no file and has ${size} bytes`);
  // Its bytes would be read as they lie in the tar, holes left out.
  if ([...extension.keys()].some((key) => key.startsWith('GNU.sparse.'))) throw corrupt(where, `${path} is sparse`);
  return {
    path,
    type,
    mode: number(header, 100, 8, where) & 0o7777,
    uid: own('uid', 108),
    gid: own('gid', 116),
    size: type === 'file' ? size : 0,
    mtime: number(header, 136, 12, where),
    ...(type === 'symlink' ? { target: link } : type === 'link' ? { target: memberPath(link, where) } : {}),
    offset,
    xattrs: xattrsOf(extension),
  };
}

function xattrsOf(extension: Extension): Map<string, Buffer> {
  const stated = [...extension].filter(([key]) => key.startsWith(XATTR));
  return new Map(stated.map(([key, value]) => [key.slice(XATTR.length), value]));
}

/** The letter or digit that says what a member is. */
export function flagOf(header: Buffer): string {
  return String.fromCharCode(header[156]!);
}

/** `./usr/bin/x` as `/usr/bin/x`. */
function memberPath(name: string, where: string): string {
  if (name.startsWith('/')) throw corrupt(where, `the path ${JSON.stringify(name)} is absolute`);
  if (name.includes('\0')) throw corrupt(where, `the path ${JSON.stringify(name)} has a zero byte`);
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw corrupt(where, `the path ${JSON.stringify(name)} leads out of it`);
  return `/${parts.join('/')}`;
}

function headerName(header: Buffer): string {
  const name = untilNul(header.subarray(0, 100)).toString();
  const posix = header.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = posix ? untilNul(header.subarray(345, 500)).toString() : '';
  return prefix ? `${prefix}/${name}` : name;
}
