import { closeSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fatVolumeSize, writeFat32 } from '../../formats/disk/fat.ts';
import { type GptPartition, partitionType, writeGpt } from '../../formats/disk/gpt.ts';
import { assembleUki } from '../../formats/disk/uki.ts';
import { KilnError } from '../../model/error.ts';
import type { Lock } from '../../model/lock.ts';
import { bytesOfSize, type ImageSpec } from '../../model/spec.ts';
import type { IsolatedRoot } from '../../ports/isolated-root.ts';
import type { Progress } from '../../ports/progress.ts';
import { kernelCommandLine } from '../boot/command-line.ts';
import type { BootParts } from './boot-parts.ts';
import { diskIdentifiers } from './identifiers.ts';
import { makeRootFilesystem } from './root-filesystem.ts';

const MIB = 2 ** 20;

export interface DiskRequest {
  /** Folder of the root tree, complete and final. */
  readonly root: string;
  readonly treeDigest: string;
  readonly spec: ImageSpec;
  readonly lock: Lock;
  readonly boot: BootParts;
  /** Folder of this build; the disk is `disk.raw` in it. */
  readonly work: string;
  /** Seconds. */
  readonly sourceDateEpoch: number;
  readonly signal?: AbortSignal;
}

export interface DiskPorts {
  readonly isolation: IsolatedRoot;
  readonly progress: Progress;
}

/** What a disk is made of; sizes in bytes. */
export interface DiskParts {
  readonly ukiBytes: number;
  readonly initrdBytes: number;
  readonly kernelRelease: string;
  /** Modules of the initial RAM file system in load order. */
  readonly modules: readonly string[];
  readonly rootUsedBytes: number;
  readonly diskBytes: number;
  /** Bytes that the sparse file takes up. */
  readonly allocatedBytes: number;
}

/**
 * A raw, sparse, bootable disk: GPT; an EFI system partition with the unified kernel image alone; a root ext4. Equal
 * requests give equal bytes. Throws KilnError SPEC_INVALID where the tree does not fit, NO_SPACE.
 */
export async function assembleDisk(
  request: DiskRequest,
  ports: DiskPorts,
): Promise<{ diskPath: string; parts: DiskParts }> {
  const ids = diskIdentifiers(request.treeDigest);
  const { boot } = request;
  const uki = assembleUki({
    stub: boot.stub,
    osRelease: osRelease(request.spec),
    commandLine: kernelCommandLine(request.spec.boot, ids.rootFilesystem),
    linux: boot.linux,
    initrd: boot.initrd,
  });
  const diskPath = join(request.work, 'disk.raw');
  await mkdir(request.work, { recursive: true });
  await rm(diskPath, { force: true });
  const layout = layOut(bytesOfSize(request.spec.boot.diskSize), uki.length, ids);
  const [esp, root] = layout.partitions as [GptPartition, GptPartition];
  const volume = writeFat32({
    size: esp.size,
    volumeId: ids.espVolume,
    label: 'KILN-ESP',
    hiddenBytes: esp.start,
    time: request.sourceDateEpoch,
    files: [{ path: 'EFI/BOOT/BOOTX64.EFI', content: uki }],
  });
  const { primary, backup } = writeGpt(layout);
  writePieces(diskPath, layout.diskSize, [
    { at: 0, bytes: primary },
    { at: esp.start, bytes: volume },
    { at: layout.diskSize - backup.length, bytes: backup },
  ]);
  await makeRootFilesystem(
    {
      tree: request.root,
      diskPath,
      start: root.start,
      size: root.size,
      uuid: ids.rootFilesystem,
      hashSeed: ids.rootHashSeed,
      label: 'kiln-root',
      sourceDateEpoch: request.sourceDateEpoch,
      toolRoot: boot.toolRoot,
      signal: request.signal,
    },
    ports.isolation,
  );
  const stats = statSync(diskPath);
  const parts = {
    ukiBytes: uki.length,
    initrdBytes: boot.initrd.length,
    kernelRelease: boot.kernelRelease,
    modules: boot.modules,
    rootUsedBytes: usedBytes(diskPath, root.start),
    diskBytes: stats.size,
    allocatedBytes: stats.blocks * 512,
  };
  ports.progress.note(
    `disk of ${Math.round(parts.allocatedBytes / MIB)} MiB for ${request.lock.packages.length} packages`,
  );
  return { diskPath, parts };
}

function osRelease(spec: ImageSpec): string {
  return `ID=${spec.os.family}\nVERSION_CODENAME=${spec.os.release}\nIMAGE_ID=${spec.name}\nPRETTY_NAME="${spec.name} (Kiln, ${spec.os.family} ${spec.os.release})"\n`;
}

function layOut(diskSize: number, ukiBytes: number, ids: ReturnType<typeof diskIdentifiers>) {
  const espSize = fatVolumeSize(ukiBytes);
  const rootStart = MIB + espSize;
  const rootSize = diskSize - rootStart - MIB;
  if (rootSize < 8 * MIB) {
    throw new KilnError('SPEC_INVALID', `boot.diskSize: ${diskSize / MIB} MiB leave no room for a root file system`, {
      hint: `state more than ${Math.ceil(rootStart / MIB) + 9} MiB`,
    });
  }
  const partitions: GptPartition[] = [
    { type: partitionType.efiSystem, guid: ids.espPartition, name: 'esp', start: MIB, size: espSize },
    { type: partitionType.rootX86_64, guid: ids.rootPartition, name: 'root', start: rootStart, size: rootSize },
  ];
  return { diskGuid: ids.disk, diskSize, partitions };
}

function writePieces(path: string, size: number, pieces: readonly { at: number; bytes: Buffer }[]): void {
  const file = openSync(path, 'w');
  try {
    ftruncateSync(file, size);
    for (const { at, bytes } of pieces) writeSync(file, bytes, 0, bytes.length, at);
  } finally {
    closeSync(file);
  }
}

function usedBytes(path: string, start: number): number {
  const superblock = Buffer.alloc(1024);
  const file = openSync(path, 'r');
  try {
    readSync(file, superblock, 0, 1024, start + 1024);
  } finally {
    closeSync(file);
  }
  const [blocks, free] = [superblock.readUInt32LE(0x04), superblock.readUInt32LE(0x0c)];
  return (blocks - free) * (1024 << superblock.readUInt32LE(0x18));
}
