import {
  type ModuleCatalog,
  moduleName,
  type PlannedModule,
  planModules,
  readModuleInfo,
} from '../../formats/disk/kernel-modules.ts';
import { KilnError } from '../../model/error.ts';
import type { FileTree } from '../../model/file-tree.ts';
import type { ImageSpec } from '../../model/spec.ts';

/** Drivers of virtio, NVMe and ENA machines, the power button, and what their root file system needs. */
const MACHINE_MODULES = [
  'virtio_pci',
  'virtio_blk',
  'virtio_scsi',
  'sd_mod',
  'virtio_net',
  'virtio_rng',
  'nvme',
  'ena',
  'button',
  'evdev',
  'ext4',
] as const;

/** A kernel package's parts. */
export interface Kernel {
  readonly release: string;
  readonly image: Buffer;
  readonly catalog: ModuleCatalog;
  readonly read: (path: string) => Buffer;
}

/** The kernel in a package's files, if one is in it. */
export function findKernel(tree: FileTree): Kernel | undefined {
  const file = tree.list('/boot').find((name) => name.startsWith('vmlinuz-'));
  if (file === undefined) return undefined;
  const release = file.slice('vmlinuz-'.length);
  const folder = `/usr/lib/modules/${release}`;
  const read = (path: string) => tree.read(path);
  const builtin = read(`${folder}/modules.builtin`).toString('utf8').split('\n').filter(Boolean).map(moduleName);
  const modules = modulePaths(tree, `${folder}/kernel`);
  const catalog = {
    paths: new Map(modules.map((path) => [moduleName(path), path])),
    builtin: new Set(builtin),
    info: (path: string) => readModuleInfo(path, read(path)),
  };
  return { release, image: read(`/boot/${file}`), catalog, read };
}

function modulePaths(tree: FileTree, folder: string): string[] {
  return tree.list(folder).flatMap((name) => {
    const path = `${folder}/${name}`;
    return name.endsWith('.ko') ? [path] : tree.lookup(path)?.type === 'directory' ? modulePaths(tree, path) : [];
  });
}

/**
 * The modules of the initial RAM file system, in the order in which they are loaded. Throws KilnError SPEC_INVALID where
 * `boot.modules` names one that this kernel has not; of those that its packages ask for, the ones that there are.
 */
export function machineModules(
  kernel: Kernel,
  boot: ImageSpec['boot'],
  needed: readonly string[] = [],
): (PlannedModule & { content: Buffer })[] {
  const { modules, missing } = planModules([...MACHINE_MODULES, ...boot.modules, ...needed], kernel.catalog);
  const asked = missing.filter((name) => boot.modules.map(moduleName).includes(name));
  if (asked.length > 0) {
    throw new KilnError('SPEC_INVALID', `boot.modules: kernel ${kernel.release} has no module ${asked.join(', ')}`, {
      hint: `it has ${kernel.catalog.paths.size} modules; another kernel package may have more: boot.kernel`,
    });
  }
  return modules.map((module) => ({ ...module, content: kernel.read(module.path) }));
}
