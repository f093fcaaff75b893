import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { folderTree } from '../formats/folder-tree.ts';
import { type MemoryFile, memoryTree } from '../formats/memory-tree.ts';
import { KilnError } from '../model/error.ts';
import type { FileTree } from '../model/file-tree.ts';
import type { ImageSpec } from '../model/spec.ts';

/** The user's own files as they will lie in the image: `application.from` at its place, `application.files` over it. */
export function applicationTree(spec: ImageSpec, directory: string): FileTree {
  const { from, files } = spec.application;
  const own: Record<string, MemoryFile> = {};
  if (from) addFolder(own, join(directory, from.path), from.into);
  for (const file of files) {
    if (file.content !== undefined) own[file.path] = { content: file.content, mode: Number.parseInt(file.mode, 8) };
    else addPath(own, join(directory, file.source ?? ''), file.path);
  }
  return memoryTree(own);
}

function addPath(own: Record<string, MemoryFile>, source: string, target: string): void {
  const found = statSync(source, { throwIfNoEntry: false });
  if (!found) throw new KilnError('NOT_FOUND', `no file ${source}`, { hint: `image.yaml names it for ${target}` });
  if (found.isDirectory()) addFolder(own, source, target);
  else own[target] = { content: readFileSync(source), mode: found.mode & 0o7777 };
}

function addFolder(own: Record<string, MemoryFile>, source: string, target: string): void {
  const found = statSync(source, { throwIfNoEntry: false });
  if (!found)
    throw new KilnError('NOT_FOUND', `no folder ${source}`, { hint: 'application.from.path is relative to the spec' });
  const tree = folderTree(source);
  for (const entry of tree.entries()) {
    const path = join(target, entry.path);
    if (entry.type === 'file') own[path] = { content: tree.read(entry.path), mode: entry.mode };
    else if (entry.type === 'symlink') own[path] = { target: entry.target };
    else if (entry.type === 'directory') own[path] = { mode: entry.mode };
  }
}
