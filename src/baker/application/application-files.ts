import { lstatSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { folderTree, readRange } from '../../formats/tree/folder-tree.ts';
import { isMergeLink, mergedPath } from '../../formats/tree/usr-merge.ts';
import { KilnError } from '../../model/error.ts';
import type { FileEntry } from '../../model/file-tree.ts';
import type { ExtraFile, ImageSpec } from '../../model/spec.ts';
import { layEntry } from '../tree/unpack-tree.ts';
import { walkFolder } from '../tree/walk-folder.ts';
import { type OwnFile, tarContents } from './application-archive.ts';
import { usersOf } from './users.ts';

/** A file of the user's own as it lies in the image: `path` is absolute there and usr-merged. */
export interface PlacedFile extends OwnFile {
  /** Names or decimal numbers, of the image's own accounts. */
  readonly owner: string;
  readonly group: string;
  /** What of the spec places it. */
  readonly field: string;
}

/**
 * The user's own files in the order in which they are laid: `application.from` at its place (a .deb's files at their own), then
 * `application.files`, which replace what is there. `directory` is the spec's. Throws NOT_FOUND, PACKAGE_CORRUPT.
 */
export function placedFiles(spec: ImageSpec, directory: string): PlacedFile[] {
  const { from, files } = spec.application;
  const own = from ? ownFiles(join(directory, from.path)) : [];
  const into = from?.path.endsWith('.deb') ? '/' : (from?.into ?? '/');
  return [
    ...(isGivenAway(own, from) ? [placed(FOLDER, into, from!, 'application.from')] : []),
    ...own.map((file) => placed(file, into, from!, 'application.from')),
    ...files.flatMap((file) =>
      contentOf(file, directory).map((it) => placed(it, file.path, file, `application.files: ${file.path}`)),
    ),
  ];
}

/** Lays the user's own files over a root; owners are looked up in the root itself. Gives the paths laid. Throws NOT_FOUND, PACKAGE_CORRUPT, REFUSED. */
export function layApplication(root: string, spec: ImageSpec, directory: string): string[] {
  const users = usersOf(folderTree(root));
  const folders = new Set(['']);
  const isDeb = spec.application.from?.path.endsWith('.deb') ?? false;
  return placedFiles(spec, directory).map((file) => {
    const { path, type, mode, target, size } = file;
    const [uid, gid] = (isDeb && ownerThere(root, path)) || [
      users.uid(file.owner, file.field),
      users.gid(file.group, file.field),
    ];
    const entry: FileEntry = { path, type, mode, uid, gid, target, size };
    layEntry({ read: () => file.read() }, entry, root, folders);
    return path;
  });
}

const FOLDER: OwnFile = { path: '', type: 'directory', mode: 0o755, size: 0, read: () => Buffer.alloc(0) };

/** Whether somebody but root is to have the folder itself, too: who owns what is in it can then add to it. */
function isGivenAway(own: readonly OwnFile[], from: ImageSpec['application']['from']): boolean {
  return from !== undefined && !from.path.endsWith('.deb') && from.owner !== 'root' && own.length > 0;
}

/** What version control keeps for itself is no part of the application, and may hold what was taken out of it. */
const VERSION_CONTROL = /\/\.(git|hg|svn|bzr)(\/|$)/;

/** Whom the scripts of the user's own package gave a file to. */
function ownerThere(root: string, path: string): [uid: number, gid: number] | undefined {
  const stats = lstatSync(root + path, { throwIfNoEntry: false });
  return stats && [stats.uid, stats.gid];
}

function placed(
  file: OwnFile,
  into: string,
  { owner, group }: { owner: string; group: string },
  field: string,
): PlacedFile {
  const path = join(into, file.path).replace(/(?<=.)\/$/, '');
  const isLink = file.type === 'symlink' && isMergeLink(path, file.target ?? '');
  // Nobody becomes another user by a file that came from outside the archive.
  return { ...file, path: isLink ? path : mergedPath(path), mode: file.mode & 0o1777, owner, group, field };
}

/** What a path of the user's holds: a folder's or an archive's files, or the file itself under its name. */
function ownFiles(source: string): OwnFile[] {
  const stats = statSync(source, { throwIfNoEntry: false });
  if (!stats) throw new KilnError('NOT_FOUND', `no file ${source}`, { hint: 'paths in image.yaml are relative to it' });
  if (stats.isDirectory()) return folderContents(source);
  if (/\.(?:tar|tar\.\w+|tgz|deb)$/.test(source)) return tarContents(source);
  return [fileAt(source, `/${basename(source)}`, 0o755, stats.size)];
}

function folderContents(folder: string): OwnFile[] {
  return walkFolder(folder).flatMap(({ path, stats, target }): OwnFile[] => {
    if (VERSION_CONTROL.test(path)) return [];
    const mode = stats.mode & 0o7777;
    if (stats.isFile()) return [fileAt(folder + path, path, mode, stats.size)];
    const type = stats.isDirectory() ? 'directory' : target === undefined ? undefined : 'symlink';
    return type ? [{ path, type, mode, target, size: 0, read: () => Buffer.alloc(0) }] : [];
  });
}

function fileAt(source: string, path: string, mode: number, size: number): OwnFile {
  const read: OwnFile['read'] = (range) =>
    range ? readRange(source, range.start, range.length) : readFileSync(source);
  return { path, type: 'file', mode, size, read };
}

/** What an extra file of the spec holds, below its path: one file of that mode, or a folder's files. */
function contentOf(file: ExtraFile, directory: string): OwnFile[] {
  const mode = Number.parseInt(file.mode, 8);
  if (file.content !== undefined) {
    const bytes = Buffer.from(file.content);
    return [{ path: '', type: 'file', mode, size: bytes.length, read: (range) => within(bytes, range) }];
  }
  const source = join(directory, file.source ?? '');
  const stats = statSync(source, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return folderContents(source);
  if (stats) return [fileAt(source, '', mode, stats.size)];
  throw new KilnError('NOT_FOUND', `no file ${source}`, { hint: `image.yaml names it for ${file.path}` });
}

function within(bytes: Buffer, range: { start: number; length: number } | undefined): Buffer {
  return range ? bytes.subarray(range.start, range.start + range.length) : bytes;
}
