import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { KilnError } from '../../../model/error.ts';
import { digestOfFile } from '../file-digest.ts';
import { isRunning, processIdentity } from '../process-identity.ts';
import { noSpace } from '../temporary-file.ts';
import { type Transport, unavailable } from './transport.ts';

/** A file that a signed index states, and where it may be: the first URI that has it is taken. */
export interface Wanted {
  /** What to call it in messages. */
  readonly name: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly uris: readonly string[];
}

export interface DownloadOptions {
  readonly transport: Transport;
  /** Folder for files that are not whole yet; they are continued by whoever comes next. */
  readonly partial: string;
  readonly signal?: AbortSignal;
  readonly onBytes?: (count: number) => void;
  /** Milliseconds before the second try; doubles with each. */
  readonly backOffMs?: number;
}

const TRIES = 3;
const BACK_OFF_MS = 500;

/**
 * Downloads a file and moves it to `path` once its size and SHA-256 are right; gives the URI it came from. Throws
 * PACKAGE_CORRUPT when they are wrong, and SOURCE_UNAVAILABLE with `absent` as its cause when no URI has it.
 */
export async function download(wanted: Wanted, path: string, options: DownloadOptions): Promise<string> {
  const partial = await takePartial(options.partial, wanted.sha256);
  try {
    const resumed = (await sizeOf(partial.path)) > 0;
    // What was left may be half of another version: after a mismatch only a whole download tells.
    const used =
      (await complete(wanted, partial.path, options)) ??
      (resumed ? await complete(wanted, partial.path, options) : undefined);
    if (used === undefined) throw mismatch(wanted);
    await rename(partial.path, path);
    return used;
  } finally {
    await partial.release();
  }
}

/** Completes the file and gives the URI that had it; undefined, and no file any more, when its digest is wrong. */
async function complete(wanted: Wanted, path: string, options: DownloadOptions): Promise<string | undefined> {
  for (const uri of wanted.uris) {
    if (!(await withTries(() => append(uri, wanted, path, options), options))) continue;
    if ((await digestOfFile(path)) === wanted.sha256) return uri;
    await rm(path, { force: true });
    return undefined;
  }
  throw new KilnError('SOURCE_UNAVAILABLE', `the archive no longer has ${wanted.name}`, {
    hint: 'the index has moved on: resolve again',
    cause: ABSENT,
  });
}

/** Cause of the fault of a file that no mirror has. */
export const ABSENT = 'absent';

async function withTries<T>(work: () => Promise<T>, { signal, backOffMs = BACK_OFF_MS }: DownloadOptions): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await work();
    } catch (error) {
      const again = error instanceof KilnError && error.retryable && tried < TRIES && !signal?.aborted;
      if (!again) throw error;
      await pause(backOffMs * 2 ** (tried - 1));
    }
  }
}

/** Continues the file; false when the URI has nothing. */
async function append(uri: string, wanted: Wanted, path: string, options: DownloadOptions): Promise<boolean> {
  const from = await sizeOf(path);
  if (from === wanted.sizeBytes) return true;
  if (from > wanted.sizeBytes) await rm(path);
  const answer = await options.transport(uri, { from: from > wanted.sizeBytes ? 0 : from, signal: options.signal });
  if (answer.kind !== 'body') return false;
  let room = wanted.sizeBytes - answer.start;
  const measured = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      room -= chunk.length;
      options.onBytes?.(chunk.length);
      if (room < 0) done(mismatch(wanted));
      else done(null, chunk);
    },
  });
  try {
    await pipeline(
      answer.body,
      measured,
      createWriteStream(path, answer.start > 0 ? { flags: 'r+', start: answer.start } : {}),
    );
  } catch (error) {
    throw faultOf(error, uri, options.partial);
  }
  // A connection that breaks is an error above; this one ended as the mirror meant it to.
  if (room > 0) await rm(path).then(() => Promise.reject(mismatch(wanted)));
  return true;
}

function faultOf(error: unknown, uri: string, folder: string): unknown {
  if (error instanceof KilnError) return error;
  return noSpace(error, folder) ?? unavailable(uri, (error as Error).message, error);
}

function mismatch(wanted: Wanted): KilnError {
  return new KilnError('PACKAGE_CORRUPT', `${wanted.name} as downloaded is not what the signed index states`, {
    hint: 'the mirror is out of step or tampered with: try again later, or another mirror',
  });
}

/**
 * A file of this process alone for the bytes of `digest`, continuing what a process that has ended left. Two processes that want
 * the same file each download it; neither sees the other's bytes.
 */
async function takePartial(folder: string, digest: string): Promise<{ path: string; release(): Promise<void> }> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${digest}.${processIdentity()}.${++taken}`);
  const left = (await readdir(folder)).filter((name) => name.startsWith(`${digest}.`) && isAbandoned(name, digest));
  for (const name of left) {
    // Whoever renames it first has it.
    if (
      await rename(join(folder, name), path).then(
        () => true,
        () => false,
      )
    )
      break;
  }
  return {
    path,
    release: () => rename(path, join(folder, `${digest}.left`)).catch(() => {}),
  };
}

let taken = 0;

function isAbandoned(name: string, digest: string): boolean {
  const owner = name.slice(digest.length + 1).replace(/\.\d+$/, '');
  return owner === 'left' || !isRunning(owner);
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    (stats) => stats.size,
    () => 0,
  );
}
