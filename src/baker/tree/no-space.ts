import { KilnError } from '../../model/error.ts';

/** The fault of a full disk; `what` says what was being done. */
export function noSpace(what: string, cause?: unknown): KilnError {
  return new KilnError('NO_SPACE', `no space left on the disk while ${what}`, {
    hint: 'make room where Kiln keeps its work and its cache, then run it again; nothing that was finished is lost',
    cause,
  });
}

/** Runs a piece of work; a disk that is full becomes NO_SPACE. */
export async function orNoSpace<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw noSpace(what, error);
    throw error;
  }
}
