import { readdirSync, rmSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KilnError } from '../../model/error.ts';
import { isRunning, processIdentity } from './process-identity.ts';

/**
 * Calls `work` with the path of a file of this process alone in a folder, which is made if missing; what is still there afterwards is
 * removed. What a killed process left, `sweepTemporary` removes. A full disk becomes NO_SPACE.
 */
export async function withTemporaryFile<T>(folder: string, work: (path: string) => Promise<T>): Promise<T> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `tmp.${processIdentity()}.${++count}`);
  try {
    return await work(path);
  } catch (error) {
    throw noSpace(error, folder) ?? error;
  } finally {
    await rm(path, { force: true });
  }
}

let count = 0;

/** Writes a file so that others see all of it or nothing. */
export async function writeAtomically(path: string, content: string | Uint8Array, temporary: string): Promise<void> {
  await withTemporaryFile(temporary, async (file) => {
    await writeFile(file, content);
    await rename(file, path);
  });
}

/** Removes the temporary files in a folder whose processes have ended. */
export function sweepTemporary(folder: string): void {
  for (const name of namesIn(folder)) {
    const owner = /^tmp\.(\d+-\d+)\.\d+$/.exec(name)?.[1];
    if (owner && !isRunning(owner)) rmSync(join(folder, name), { force: true });
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The fault of a full disk, or undefined for any other error. */
export function noSpace(error: unknown, where: string): KilnError | undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return undefined;
  return new KilnError('NO_SPACE', `no space left at ${where}`, {
    hint: 'free some space and start again; what was downloaded is kept',
    cause: error,
  });
}
