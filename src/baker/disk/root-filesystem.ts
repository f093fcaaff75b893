import { closeSync, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setInodeTimes } from '../../formats/disk/ext4-times.ts';
import { KilnError } from '../../model/error.ts';
import type { IsolatedRoot } from '../../ports/isolated-root.ts';

export interface RootFilesystemRequest {
  /** Folder that becomes the root directory. */
  readonly tree: string;
  readonly diskPath: string;
  /** Bytes from the disk's start, and bytes that the file system fills. */
  readonly start: number;
  readonly size: number;
  readonly uuid: string;
  readonly hashSeed: string;
  readonly label: string;
  readonly sourceDateEpoch: number;
  readonly toolRoot: string;
  readonly signal?: AbortSignal;
}

/**
 * Makes an ext4 file system with the tree's files at its place on the disk, by the tool root's mke2fs, the same bytes for the same
 * tree. Throws KilnError SPEC_INVALID where the tree does not fit, NO_SPACE where this machine's disk is full.
 */
export async function makeRootFilesystem(request: RootFilesystemRequest, isolation: IsolatedRoot): Promise<void> {
  const options = [
    `hash_seed=${request.hashSeed}`,
    'lazy_itable_init=0',
    'lazy_journal_init=0',
    `offset=${request.start}`,
  ];
  const journalMiB = request.size >= 2 ** 30 * 4 ? 64 : 8;
  const argv = [
    '/usr/sbin/mke2fs',
    '-q',
    '-F',
    '-t',
    'ext4',
    '-b',
    '4096',
    '-m',
    '1',
    '-L',
    request.label,
    '-U',
    request.uuid,
  ]
    .concat(['-J', `size=${journalMiB}`, '-E', options.join(','), '-d', '/tree'])
    .concat([`/disk/${basename(request.diskPath)}`, `${request.size / 1024}k`]);
  const result = await isolation.run(request.toolRoot, argv, {
    binds: [
      { source: request.tree, target: '/tree' },
      { source: dirname(request.diskPath), target: '/disk', writable: true },
    ],
    environment: { E2FSPROGS_FAKE_TIME: String(request.sourceDateEpoch), MKE2FS_DETERMINISTIC: '1' },
    signal: request.signal,
  });
  if (result.exitStatus !== 0) throw failure(request, `${result.stdout}${result.stderr}`.trim());
  const disk = openSync(request.diskPath, 'r+');
  try {
    setInodeTimes(disk, request.start, request.sourceDateEpoch);
  } finally {
    closeSync(disk);
  }
}

function failure(request: RootFilesystemRequest, output: string): Error {
  if (/No space left on device/.test(output)) {
    return new KilnError('NO_SPACE', `no space left for the disk image in ${dirname(request.diskPath)}`, {
      hint: 'free some space and build again; what was fetched is kept',
    });
  }
  if (/Could not allocate|no free (blocks|inodes)|not enough space|too small/i.test(output)) {
    return new KilnError(
      'SPEC_INVALID',
      `boot.diskSize: the root tree does not fit in ${Math.floor(request.size / 2 ** 20)} MiB`,
      {
        hint: 'state a larger boot.diskSize',
      },
    );
  }
  return new Error(`internal: mke2fs failed: ${output}`);
}
