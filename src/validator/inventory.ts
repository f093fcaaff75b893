import { parseExec } from '../formats/system/unit.ts';
import type { FileTree } from '../model/file-tree.ts';
import type { Inventory, InventoryUnit, Reachability } from '../model/inventory.ts';
import type { Lock } from '../model/lock.ts';
import type { ImageSpec } from '../model/spec.ts';
import { readGroups, readShells, readUsers } from './read/accounts.ts';
import { inventoryElf } from './read/elf.ts';
import { readFiles } from './read/files.ts';
import { readKernelConfig } from './read/kernel.ts';
import { readOwners } from './read/owners.ts';
import { readPackages } from './read/packages.ts';
import { withRuntime } from './read/runtime.ts';
import { readMounts, readPam, readSysctl, readTls } from './read/settings.ts';
import { readSsh } from './read/ssh.ts';
import { readUnits } from './read/units.ts';

export interface InventoryRequest {
  /** Baked root tree. */
  readonly tree: FileTree;
  readonly lock: Lock;
  readonly spec: ImageSpec;
  /** Files of the locked packages by package name: whose each file is. */
  readonly contents?: ReadonlyMap<string, FileTree>;
  /** The kernel's command line, word by word; without it, what the spec adds to it. */
  readonly commandLine?: readonly string[];
  /** What can run in `tree`; without it everything counts as able to. */
  readonly reachability?: Reachability;
}

/** Reads a baked tree once, from end to end, into the facts that rules judge. Nothing is believed that the tree does not show. */
export function readInventory({ tree, lock, spec, contents, ...request }: InventoryRequest): Inventory {
  const reachability = request.reachability && withRuntime(tree, request.reachability);
  const users = readUsers(tree);
  const groups = readGroups(tree);
  const owners = readOwners(lock, contents);
  const found = readFiles(tree, { owners, users, groups, reachability });
  const units = readUnits(tree, owners, spec.application.run.unit);
  return {
    inventoryVersion: 1,
    image: {
      name: spec.name,
      labels: spec.labels,
      release: lock.os.release,
      architecture: lock.os.architecture,
      init: spec.boot.init,
      roots: [...spec.application.packages, ...spec.resolution.include].map((relation) => relation.split(/[ :(]/)[0]!),
      lockDigest: lock.digest,
      bytes: found.bytes,
    },
    service: serviceOf(spec, units),
    packages: readPackages(tree, lock),
    files: found.files,
    elf: found.elf.map((it) => inventoryElf(it.path, it.package, it.facts, reachability)),
    scripts: found.scripts,
    units,
    users,
    groups,
    shells: readShells(tree),
    secrets: found.secrets,
    ssh: readSsh(tree),
    pam: readPam(tree),
    sysctl: readSysctl(tree),
    mounts: readMounts(tree),
    tls: readTls(tree),
    ports: spec.application.ports,
    listening: [],
    kernel: {
      package: spec.boot.kernel,
      commandLine: [...(request.commandLine ?? spec.boot.commandLine)],
      config: readKernelConfig(lock, contents),
      modules: kernelModules(found.files.map((file) => file.path)),
    },
    vulnerabilities: [],
    vulnerabilitiesKnown: false,
  };
}

const FOLDER_SETTINGS = {
  RuntimeDirectory: '/run',
  StateDirectory: '/var/lib',
  CacheDirectory: '/var/cache',
  LogsDirectory: '/var/log',
};

function serviceOf(spec: ImageSpec, units: readonly InventoryUnit[]): Inventory['service'] {
  const { run } = spec.application;
  const unit = units.find((it) => it.name === run.unit);
  const made = Object.entries(FOLDER_SETTINGS).flatMap(([key, base]) =>
    (unit?.settings[`Service.${key}`] ?? '')
      .split(/\s+/)
      .filter(Boolean)
      .map((name) => `${base}/${name.split(':')[0]}`),
  );
  return {
    unit: run.unit ?? '',
    command: run.command ?? [...(parseExec(unit?.settings['Service.ExecStart'] ?? '')[0]?.argv ?? [])],
    user: run.user ?? (unit?.user || 'root'),
    group: run.group ?? unit?.groups[0] ?? '',
    directories: [...run.directories.map(({ path }) => path), ...made],
  };
}

function kernelModules(paths: readonly string[]): string[] {
  const names = paths.flatMap((path) => /^\/usr\/lib\/modules\/.*\/([^/]+)\.ko(\.\w+)?$/.exec(path)?.[1] ?? []);
  return [...new Set(names)].sort();
}
