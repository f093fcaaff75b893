import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { KilnError } from '../../model/error.ts';
import { noSpace } from './no-space.ts';

const execute = promisify(execFile);

/**
 * Copies a folder with owners, modes, hard links and extended attributes, sharing blocks where the file system can; symbolic links
 * are copied, never followed. `to` must not exist. Throws NO_SPACE, INTERRUPTED.
 */
export async function copyTree(from: string, to: string, signal?: AbortSignal): Promise<void> {
  await runTool('cp', ['-a', '--reflink=auto', '-T', '--', from, to], signal);
}

/** Makes what was written below a folder survive a loss of power. */
export async function syncFolder(folder: string, signal?: AbortSignal): Promise<void> {
  await runTool('sync', ['--file-system', folder], signal);
}

async function runTool(program: string, args: readonly string[], signal?: AbortSignal): Promise<void> {
  try {
    // It ends with this process, also by SIGKILL: it must not write to a folder that the next run takes over.
    await execute('setpriv', ['--pdeathsig', 'KILL', '--', program, ...args], { signal, maxBuffer: 1 << 24 });
  } catch (error) {
    if (signal?.aborted) throw new KilnError('INTERRUPTED', `${program} was interrupted`, { cause: error });
    const said = (error as { stderr?: string }).stderr ?? '';
    if (!said.includes('No space left on device')) throw error;
    throw noSpace('copying the base', error);
  }
}
