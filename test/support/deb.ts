import { createHash } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { easyBufferEncode } from 'node-liblzma/wasm';
import type { Compression } from '../../src/formats/archive/compression.ts';
import { BLOCK } from '../../src/formats/archive/tar-fields.ts';
import { encodeHeader, padding, type TarHeader } from '../../src/formats/archive/tar-header.ts';

/** A file's text or bytes, or its attributes; `target` makes a symbolic link. A text that begins with `#!` is executable. */
export type DebFile =
  | string
  | Uint8Array
  | {
      content?: string | Uint8Array;
      target?: string;
      mode?: number;
      uid?: number;
      gid?: number;
      type?: TarHeader['type'];
    };

/** A Debian package to make: what it says of itself, its files by absolute path, its maintainer scripts by name. */
export interface DebSource {
  name: string;
  version?: string;
  architecture?: string;
  depends?: string;
  essential?: boolean;
  /** Further fields of its control file. */
  fields?: Record<string, string>;
  files?: Record<string, DebFile>;
  scripts?: Partial<Record<'preinst' | 'postinst' | 'prerm' | 'postrm' | 'config' | 'triggers', string>>;
  conffiles?: string[];
  /** Members put into data.tar as they are, for what no honest tool would make. */
  members?: { header: Partial<TarHeader> & { name: string }; content?: string }[];
  compression?: Compression;
  /** Keeps only so many bytes of the compressed data.tar. */
  cutData?: number;
}

export interface TarItem {
  header: TarHeader;
  content: Buffer;
}

/** The bytes of a tar with these members. */
export function makeTar(items: readonly TarItem[]): Buffer {
  const parts = items.flatMap(({ header, content }) => [encodeHeader(header), content, padding(content.length)]);
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

/** A member with what it does not state filled in. */
export function tarItem(header: Partial<TarHeader> & { name: string }, content: string | Uint8Array = ''): TarItem {
  const bytes = Buffer.from(content as string);
  return {
    header: { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 0, ...header, size: bytes.length },
    content: bytes,
  };
}

/** The bytes of an ar archive. */
export function makeAr(members: readonly { name: string; content: Uint8Array }[]): Buffer {
  const parts = members.flatMap(({ name, content }) => [
    Buffer.from(
      `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(content.length).padEnd(10)}\`\n`,
    ),
    content,
    Buffer.alloc(content.length % 2, '\n'),
  ]);
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts]);
}

/** The control file of a package, which is also the beginning of its stanza in an index. */
export function controlOf(deb: DebSource): string {
  const files = Object.values(deb.files ?? {});
  const fields: Record<string, string | undefined> = {
    Package: deb.name,
    Version: deb.version ?? '1.0',
    Architecture: deb.architecture ?? 'all',
    Maintainer: 'Nobody <nobody@example.org>',
    'Installed-Size': String(Math.ceil(files.reduce((sum, file) => sum + contentOf(file).length, 1024) / 1024)),
    Essential: deb.essential ? 'yes' : undefined,
    Depends: deb.depends,
    Priority: 'optional',
    Section: 'misc',
    ...deb.fields,
    Description: 'made for a test',
  };
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => `${field}: ${value}\n`)
    .join('');
}

/** The bytes of a .deb. */
export function makeDeb(deb: DebSource): Buffer {
  const compression = deb.compression ?? 'xz';
  const ending = compression === '' ? '' : `.${compression}`;
  const files = Object.entries(deb.files ?? {});
  const sums = files
    .filter(([, file]) => isFile(file))
    .map(([path, file]) => `${md5(contentOf(file))}  ${path.slice(1)}\n`);
  const control = makeTar([
    tarItem({ name: './', type: 'directory', mode: 0o755 }),
    tarItem({ name: './control' }, controlOf(deb)),
    tarItem({ name: './md5sums' }, sums.join('')),
    ...(deb.conffiles ? [tarItem({ name: './conffiles' }, deb.conffiles.map((path) => `${path}\n`).join(''))] : []),
    ...Object.entries(deb.scripts ?? {}).map(([name, text]) => tarItem({ name: `./${name}`, mode: 0o755 }, text)),
  ]);
  return makeAr([
    { name: 'debian-binary', content: Buffer.from('2.0\n') },
    { name: `control.tar${ending}`, content: compress(control, compression) },
    { name: `data.tar${ending}`, content: compress(makeTar(dataItems(deb)), compression).subarray(0, deb.cutData) },
  ]);
}

function dataItems(deb: DebSource): TarItem[] {
  const files = Object.entries(deb.files ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const folders = new Set(
    files.flatMap(([path]) =>
      path
        .split('/')
        .slice(1, -1)
        .map((_, at, parts) => parts.slice(0, at + 1).join('/')),
    ),
  );
  for (const [path, file] of files) if (!isFile(file) && !targetOf(file)) folders.delete(path.slice(1));
  return [
    tarItem({ name: './', type: 'directory', mode: 0o755 }),
    ...[...folders].sort().map((path) => tarItem({ name: `./${path}/`, type: 'directory', mode: 0o755 })),
    ...files.map(([path, file]) => fileItem(path, file)),
    ...(deb.members ?? []).map(({ header, content }) => tarItem(header, content)),
  ];
}

function fileItem(path: string, file: DebFile): TarItem {
  const attributes = typeof file === 'string' || file instanceof Uint8Array ? {} : file;
  const { content: _, ...stated } = attributes;
  const type = stated.type ?? (stated.target !== undefined ? 'symlink' : isFile(file) ? 'file' : 'directory');
  const content = contentOf(file);
  const mode = type === 'directory' || content.subarray(0, 2).toString() === '#!' ? 0o755 : 0o644;
  return tarItem({ mode, ...stated, name: `.${path}${type === 'directory' ? '/' : ''}`, type }, content);
}

function isFile(file: DebFile): boolean {
  return typeof file === 'string' || file instanceof Uint8Array || file.content !== undefined;
}

function targetOf(file: DebFile): string | undefined {
  return typeof file === 'string' || file instanceof Uint8Array ? undefined : file.target;
}

function contentOf(file: DebFile): Buffer {
  const content = typeof file === 'string' || file instanceof Uint8Array ? file : (file.content ?? '');
  return Buffer.from(content as string);
}

/** Bytes compressed as a file with that ending is. */
export function compress(bytes: Buffer, compression: Compression): Buffer {
  if (compression === 'xz') return Buffer.from(easyBufferEncode(bytes, 6));
  if (compression === 'gz') return gzipSync(bytes);
  return compression === 'zst' ? zstdCompressSync(bytes) : bytes;
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}
