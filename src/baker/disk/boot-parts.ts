import { KilnError } from '../../model/error.ts';
import type { FileTree } from '../../model/file-tree.ts';
import type { Lock, LockedDeb } from '../../model/lock.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { PackageSource } from '../../ports/package-source.ts';
import { makeInitrd } from '../boot/initrd.ts';
import { findKernel, type Kernel, machineModules } from '../boot/kernel.ts';
import { neededModules, packagesNear } from '../boot/needed-modules.ts';
import { toolRoot } from './tool-root.ts';

const STUB = '/usr/lib/systemd/boot/efi/linuxx64.efi.stub';
const BUSYBOX = '/usr/bin/busybox';

export interface BootPartsRequest {
  readonly spec: ImageSpec;
  readonly lock: Lock;
  /** Folder in which tool roots are kept. */
  readonly cache: string;
}

/** What a disk is made of that does not depend on the root tree. */
export interface BootParts {
  /** The EFI program that the kernel, initial RAM file system and command line are put into. */
  readonly stub: Buffer;
  readonly linux: Buffer;
  readonly kernelRelease: string;
  readonly initrd: Buffer;
  /** Modules of the initial RAM file system in load order. */
  readonly modules: readonly string[];
  /** Folder with the file system tools. */
  readonly toolRoot: string;
}

/**
 * Takes kernel, initial RAM file system and tools out of the lock's packages, which must have been fetched. Writes nothing but a
 * finished tool root, so it may run beside the staging of the root tree. Throws KilnError LOCK_STALE where the lock lacks
 * a package of `bootRequirements`.
 */
export async function prepareBoot(request: BootPartsRequest, source: Pick<PackageSource, 'open'>): Promise<BootParts> {
  const { packages, build } = request.lock;
  const locked: LockedDeb[] = [...packages, ...build.tools, ...build.base];
  const kernel = await openKernel(locked, source, request.spec);
  const busybox = await fileOf(locked, 'busybox-static', BUSYBOX, source);
  const modules = machineModules(kernel, request.spec.boot, await modulesNeeded(request, source));
  const initrd = makeInitrd({ busybox, modules });
  const tools = toolRoot(build.tools, source, request.cache);
  const stub = fileOf(locked, 'systemd-boot-efi', STUB, source);
  const made = await allEnded([initrd, tools, stub]);
  return {
    initrd: made[0],
    toolRoot: made[1],
    stub: made[2],
    linux: kernel.image,
    kernelRelease: kernel.release,
    modules: modules.map(({ name }) => name),
  };
}

async function modulesNeeded({ spec, lock }: BootPartsRequest, source: Pick<PackageSource, 'open'>): Promise<string[]> {
  const opened = await Promise.all(packagesNear(spec, lock).map((it) => source.open(it)));
  return neededModules(
    spec,
    opened.map((it) => it.data),
  );
}

/** As Promise.all, but when one fails the others are waited for: nothing goes on behind a failure. */
export async function allEnded<T extends readonly unknown[]>(
  work: readonly [...{ [K in keyof T]: Promise<T[K]> }],
): Promise<T> {
  await Promise.allSettled(work);
  return Promise.all(work) as unknown as Promise<T>;
}

async function openKernel(
  locked: readonly LockedDeb[],
  source: Pick<PackageSource, 'open'>,
  spec: ImageSpec,
): Promise<Kernel> {
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
  source: Pick<PackageSource, 'open'>,
): Promise<Buffer> {
  const deb = locked.find((candidate) => candidate.name === name);
  const tree: FileTree | undefined = deb && (await source.open(deb)).data;
  if (tree?.resolve(path) === undefined) throw lockLacks(`${path} of ${name}`);
  return tree.read(path);
}

function lockLacks(what: string): KilnError {
  return new KilnError('LOCK_STALE', `the lock has no package with ${what}`, { hint: 'resolve the image again' });
}
