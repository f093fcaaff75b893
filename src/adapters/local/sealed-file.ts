import { readFile, stat } from 'node:fs/promises';
import { digestOfFile } from './file-digest.ts';
import { writeAtomically } from './temporary-file.ts';

/**
 * Notes beside a file what its SHA-256 is and what the file looked like when that was known, so that `isWhole` need not read
 * gigabytes each time. `temporary` is a folder on the same file system.
 */
export async function seal(path: string, sha256: string, temporary: string): Promise<void> {
  await writeAtomically(sealOf(path), `${sha256} ${await stampOf(path)}`, temporary);
}

/**
 * Whether a sealed file is there and as it was: its digest is taken again when it was written to, replaced or cut since.
 * A file without a seal is whole only if `sha256` is given and right.
 */
export async function isWhole(path: string, temporary: string, sha256?: string): Promise<boolean> {
  const [sealed = '', stamp] = (await readFile(sealOf(path), 'utf8').catch(() => '')).split(' ');
  const wanted = sha256 ?? sealed;
  const now = await stampOf(path);
  if (wanted === '' || now === undefined) return false;
  if (now === stamp && sealed === wanted) return true;
  if ((await digestOfFile(path)) !== wanted) return false;
  await seal(path, wanted, temporary);
  return true;
}

/** Name of the file that holds a file's seal. */
export function sealOf(path: string): string {
  return `${path}.seal`;
}

async function stampOf(path: string): Promise<string | undefined> {
  const stats = await stat(path, { bigint: true }).catch(() => undefined);
  return stats && [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join('-');
}
