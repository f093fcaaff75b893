import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
  writeSync,
} from 'node:fs';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { KilnError } from '../../model/error.ts';
import { fileTypeOf } from '../tree/file-type.ts';
import { BLOCK } from './tar-fields.ts';
import { encodeHeader, padding, type TarHeader } from './tar-header.ts';

export interface TarOfFolderOptions {
  /** Seconds since the epoch, of every member. */
  readonly mtime: number;
  /** Extended attributes by path, such as `security.capability` of `/usr/bin/ping`; Node cannot read them itself. */
  readonly xattrs?: ReadonlyMap<string, ReadonlyMap<string, Buffer>>;
  readonly signal?: AbortSignal;
}

/** Longest stretch, in milliseconds, for which nothing else of this process runs. */
const STRETCH_MS = 20;
const BUFFER = 1 << 20;
/** tar's record: files are filled up to a multiple of it. */
const RECORD = 20 * BLOCK;

/**
 * Writes the tree below a folder as a tar that depends on its names, contents, owners and modes alone: sorted, one time for all,
 * hard links kept (the first name holds the bytes). Links are never followed; sockets are left out. Gives hex SHA-256 and bytes.
 */
export async function writeTarOfFolder(
  folder: string,
  to: string,
  options: TarOfFolderOptions,
): Promise<{ sha256: string; sizeBytes: number }> {
  const sink = openSink(to);
  try {
    const names = new Map<string, string>();
    let rested = performance.now();
    for (const member of walk(folder, '.')) {
      writeMember(sink, folder, member, names, options);
      if (performance.now() - rested < STRETCH_MS) continue;
      await yieldToOthers();
      options.signal?.throwIfAborted();
      rested = performance.now();
    }
    return sink.end();
  } finally {
    sink.close();
  }
}

interface Member {
  /** Relative to the folder, beginning with `.`. */
  readonly name: string;
  readonly stats: Stats;
}

function* walk(folder: string, name: string): Generator<Member> {
  const stats = lstatSync(`${folder}/${name}`);
  yield { name, stats };
  if (!stats.isDirectory()) return;
  for (const child of readdirSync(`${folder}/${name}`).sort()) {
    if (child.includes('\ufffd')) throw unreadable(`${name}/${child}`, folder);
    yield* walk(folder, `${name}/${child}`);
  }
}

function writeMember(
  sink: Sink,
  folder: string,
  { name, stats }: Member,
  names: Map<string, string>,
  options: TarOfFolderOptions,
): void {
  const type = fileTypeOf(stats);
  if (!type) return;
  const path = `${folder}/${name}`;
  const common = { mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid, size: 0, mtime: options.mtime };
  const inode = `${stats.dev} ${stats.ino}`;
  const first = type === 'directory' || stats.nlink === 1 ? undefined : names.get(inode);
  if (first !== undefined) {
    sink.write(encodeHeader({ ...common, name, type: 'link', target: first }));
    return;
  }
  names.set(inode, name);
  const xattrs = options.xattrs?.get(name.slice(1));
  const header: TarHeader = { ...common, name, type, ...(xattrs ? { xattrs } : {}) };
  if (type === 'directory') sink.write(encodeHeader({ ...header, name: `${name}/` }));
  else if (type === 'symlink') sink.write(encodeHeader({ ...header, mode: 0o777, target: readlinkSync(path) }));
  else if (type === 'file') {
    sink.write(encodeHeader({ ...header, size: stats.size }));
    copyFile(sink, path, stats.size);
  } else sink.write(encodeHeader({ ...header, device: deviceNumbers(stats.rdev) }));
}

/** Linux's 64-bit device number (makedev(3)), as far as 32 bits go. */
function deviceNumbers(rdev: number): [number, number] {
  return [(rdev >>> 8) & 0xfff, (rdev & 0xff) | ((rdev >>> 12) & 0xfff00)];
}

function copyFile(sink: Sink, path: string, size: number): void {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    let left = size;
    while (left > 0) {
      const count = sink.fill((buffer, start, room) => readSync(file, buffer, start, Math.min(room, left), null));
      if (count === 0) throw new Error(`internal: ${path} became shorter while it was read`);
      left -= count;
    }
    sink.write(padding(size));
  } finally {
    closeSync(file);
  }
}

interface Sink {
  write(bytes: Buffer): void;
  /** Lets `read` put bytes straight into the buffer; gives their count. */
  fill(read: (buffer: Buffer, start: number, room: number) => number): number;
  end(): { sha256: string; sizeBytes: number };
  close(): void;
}

function openSink(to: string): Sink {
  const file = openSync(to, 'w');
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(BUFFER);
  let used = 0;
  let sizeBytes = 0;
  const flush = () => {
    hash.update(buffer.subarray(0, used));
    for (let done = 0; done < used; ) done += writeSync(file, buffer, done, used - done);
    sizeBytes += used;
    used = 0;
  };
  const fill: Sink['fill'] = (read) => {
    if (used === BUFFER) flush();
    const count = read(buffer, used, BUFFER - used);
    used += count;
    return count;
  };
  const write = (bytes: Buffer) => {
    for (let done = 0; done < bytes.length; ) done += fill((to, start) => bytes.copy(to, start, done));
  };
  return {
    write,
    fill,
    end() {
      const least = sizeBytes + used + 2 * BLOCK;
      write(Buffer.alloc(Math.ceil(least / RECORD) * RECORD - sizeBytes - used));
      flush();
      return { sha256: hash.digest('hex'), sizeBytes };
    },
    close: () => closeSync(file),
  };
}

function unreadable(name: string, folder: string): KilnError {
  return new KilnError('PACKAGE_CORRUPT', `${name} in ${folder} has a name that is not UTF-8`, {
    hint: 'rename it, or leave it out (minimize.remove)',
  });
}
