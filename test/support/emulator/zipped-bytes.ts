import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';

/** Bytes of a folder's files as an archive holds them: each deflated. */
export function zippedBytes(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((it) => it.isFile()).map((it) => join(it.parentPath, it.name));
  return files.reduce((total, path) => total + deflateRawSync(readFileSync(path)).length, 0);
}
