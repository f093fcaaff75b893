import { readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { folderTree } from '../formats/folder-tree.ts';
import { KilnError } from '../model/error.ts';
import type { FileEntry } from '../model/file-tree.ts';
import type { ExtraFile, ImageSpec } from '../model/spec.ts';
import { tarContents } from './application-archive.ts';
import { layEntry } from './unpack-tree.ts';
import { type Users, usersOf } from './users.ts';
import { walkFolder } from './walk-folder.ts';

/** A file of the user's own, at a path below the place where it goes. */
export interface OwnFile {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'symlink';
  readonly mode: number;
  readonly target?: string;
  read(): Buffer;
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Lays the user's own files over a root: `application.from` at its place (a .deb's files at their own), then
 * `application.files`; owners are looked up in the root itself. `directory` is the spec's. Gives the paths laid. Throws
 * NOT_FOUND, PACKAGE_CORRUPT.
 */
export function layApplication(root: string, spec: ImageSpec, directory: string): string[] {
  const users = usersOf(folderTree(root));
  const { from, files } = spec.application;
  const laid: string[] = [];
  if (from) {
    const into = from.path.endsWith('.deb') ? '/' : from.into;
    laid.push(...layAll(root, ownFiles(join(directory, from.path)), into, ownerOf(users, from, 'application.from')));
  }
  for (const file of files) laid.push(...layFile(root, file, directory, users));
  return laid;
}

function ownerOf(users: Users, given: { owner: string; group: string }, place: string): Owner {
  return { uid: users.uid(given.owner, place), gid: users.gid(given.group, place) };
}

/** What a path of the user's holds: a folder's or an archive's files, or the file itself under its name. */
function ownFiles(source: string): OwnFile[] {
  const stats = statSync(source, { throwIfNoEntry: false });
  if (!stats) throw new KilnError('NOT_FOUND', `no file ${source}`, { hint: 'paths in image.yaml are relative to it' });
  if (stats.isDirectory()) return folderContents(source);
  if (/\.(?:tar|tar\.\w+|tgz|deb)$/.test(source)) return tarContents(source);
  return [{ path: `/${basename(source)}`, type: 'file', mode: 0o755, read: () => readFileSync(source) }];
}

function folderContents(folder: string): OwnFile[] {
  return walkFolder(folder).flatMap(({ path, stats, target }): OwnFile[] => {
    const type = stats.isFile()
      ? 'file'
      : stats.isDirectory()
        ? 'directory'
        : target === undefined
          ? undefined
          : 'symlink';
    return type ? [{ path, type, mode: stats.mode & 0o7777, target, read: () => readFileSync(folder + path) }] : [];
  });
}

function layFile(root: string, file: ExtraFile, directory: string, users: Users): string[] {
  const own = ownerOf(users, file, `application.files: ${file.path}`);
  const mode = Number.parseInt(file.mode, 8);
  const single = (read: () => Buffer): OwnFile[] => [{ path: '', type: 'file', mode, read }];
  if (file.content !== undefined)
    return layAll(
      root,
      single(() => Buffer.from(file.content!)),
      file.path,
      own,
    );
  const source = join(directory, file.source ?? '');
  const isFolder = statSync(source, { throwIfNoEntry: false })?.isDirectory();
  return layAll(root, isFolder ? folderContents(source) : single(ownFiles(source)[0]!.read), file.path, own);
}

function layAll(root: string, files: readonly OwnFile[], into: string, own: Owner): string[] {
  const folders = new Set(['']);
  return files.map((file) => {
    const path = join(into, file.path);
    // Nobody becomes another user by a file that came from outside the archive.
    const entry: FileEntry = { ...own, path, type: file.type, mode: file.mode & 0o1777, target: file.target, size: 0 };
    layEntry({ read: file.read }, entry, root, folders);
    return path;
  });
}
