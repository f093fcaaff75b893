import { closeSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fatVolumeSize, writeFat32 } from '../../formats/fat.ts';
import { type GptPartition, partitionType, writeGpt } from '../../formats/gpt.ts';
import { assembleUki } from '../../formats/uki.ts';
import { KilnError } from '../../model/error.ts';
import type { FileTree } from '../../model/file-tree.ts';
import type { Lock, LockedDeb } from '../../model/lock.ts';
import { bytesOfSize, type ImageSpec } from '../../model/spec.ts';
import type { IsolatedRoot } from '../../ports/isolated-root.ts';
import type { PackageSource } from '../../ports/package-source.ts';
import type { Progress } from '../../ports/progress.ts';
import { kernelCommandLine } from '../boot/command-line.ts';
import { makeInitrd } from '../boot/initrd.ts';
import { findKernel, type Kernel, machineModules } from '../boot/kernel.ts';
import { diskIdentifiers } from './identifiers.ts';
import { makeRootFilesystem } from './root-filesystem.ts';
import { toolRoot } from './tool-root.ts';

const MIB = 2 ** 20;
const STUB = '/usr/lib/systemd/boot/efi/linuxx64.efi.stub';
const BUSYBOX = '/usr/bin/busybox';

export interface DiskRequest {
  /** Folder of the root tree, complete and final. */
  readonly root: string;
  readonly treeDigest: string;
  readonly spec: ImageSpec;
  readonly lock: Lock;
  /** Folder of this build; the disk is `disk.raw` in it. */
  readonly work: string;
  /** Folder in which tool roots are kept. */
  readonly cache: string;
  /** Seconds. */
  readonly sourceDateEpoch: number;
  readonly signal?: AbortSignal;
}

export interface DiskPorts {
  readonly isolation: IsolatedRoot;
  readonly source: Pick<PackageSource, 'open'>;
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
 * requests give equal bytes. All packages of the lock must have been fetched. Throws KilnError LOCK_STALE where the lock
 * lacks a package of `bootRequirements`, SPEC_INVALID where the tree does not fit, NO_SPACE.
 */
export async function assembleDisk(
  request: DiskRequest,
  ports: DiskPorts,
): Promise<{ diskPath: string; parts: DiskParts }> {
  const ids = diskIdentifiers(request.treeDigest);
  const { packages, build } = request.lock;
  const { uki, kernel, ...sizes } = await makeUki(request, ports.source, ids.rootFilesystem);
  const tools = await toolRoot(build.tools, ports.source, request.cache);
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
      toolRoot: tools,
      signal: request.signal,
    },
    ports.isolation,
  );
  const stats = statSync(diskPath);
  const parts = {
    ...sizes,
    ukiBytes: uki.length,
    kernelRelease: kernel.release,
    rootUsedBytes: usedBytes(diskPath, root.start),
    diskBytes: stats.size,
    allocatedBytes: stats.blocks * 512,
  };
  ports.progress.note(`disk of ${Math.round(parts.allocatedBytes / MIB)} MiB for ${packages.length} packages`);
  return { diskPath, parts };
}

async function makeUki(request: DiskRequest, source: DiskPorts['source'], rootUuid: string) {
  const { packages, build } = request.lock;
  const locked: LockedDeb[] = [...packages, ...build.tools, ...build.base];
  const kernel = await openKernel(locked, source, request.spec);
  const busybox = await fileOf(locked, 'busybox-static', BUSYBOX, source);
  const stub = await fileOf(locked, 'systemd-boot-efi', STUB, source);
  const modules = machineModules(kernel, request.spec.boot);
  const initrd = makeInitrd({ busybox, modules });
  const uki = assembleUki({
    stub,
    osRelease: osRelease(request.spec),
    commandLine: kernelCommandLine(request.spec.boot, rootUuid),
    linux: kernel.image,
    initrd,
  });
  return { uki, kernel, initrdBytes: initrd.length, modules: modules.map((module) => module.name) };
}

async function openKernel(locked: readonly LockedDeb[], source: DiskPorts['source'], spec: ImageSpec): Promise<Kernel> {
  const candidates = locked.filter(({ name }) => name.startsWith('linux-image-') || name === spec.boot.kernel);
  for (const candidate of candidates) {
    const kernel = findKernel((await source.open(candidate)).data);
    if (kernel) return kernel;
  }
  throw lockLacks(`the kernel of ${spec.boot.kernel}`);
}

async function fileOf(
  locked: readonly LockedDeb[],
  name: string,
  path: string,
  source: DiskPorts['source'],
): Promise<Buffer> {
  const deb = locked.find((candidate) => candidate.name === name);
  const tree: FileTree | undefined = deb && (await source.open(deb)).data;
  if (tree?.resolve(path) === undefined) throw lockLacks(`${path} of ${name}`);
  return tree.read(path);
}

function lockLacks(what: string): KilnError {
  return new KilnError('LOCK_STALE', `the lock has no package with ${what}`, { hint: 'resolve the image again' });
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
