import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../../model/canonical.ts';

/** Which blocks of a snapshot arrived. A lost journal costs time and nothing else: a block may be put twice. */
export interface SnapshotJournal {
  has(index: number): boolean;
  add(index: number): Promise<void>;
  remove(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the journal of a key; what it says of another snapshot does not count. */
export async function openJournal(folder: string, key: string, snapshotId: string): Promise<SnapshotJournal> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${sha256(key).slice(0, 32)}.blocks`);
  const [of, ...lines] = (await readFile(path, 'utf8').catch(() => '')).split('\n');
  // A line without its end was being written when the process died.
  const arrived = new Set(of === snapshotId ? lines.slice(0, -1).map(Number) : []);
  const file = await open(path, of === snapshotId ? 'a' : 'w');
  if (of !== snapshotId) await file.write(`${snapshotId}\n`);
  return {
    has: (index) => arrived.has(index),
    async add(index) {
      await file.write(`${index}\n`);
    },
    remove: () => rm(path, { force: true }),
    close: () => file.close(),
  };
}
