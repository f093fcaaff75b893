/** What a kernel module's `.modinfo` section says of it. */
export interface ModuleInfo {
  /** As the kernel spells it, with `_` for `-`. */
  readonly name: string;
  /** Modules that must be loaded first: `depends` and `softdep: pre`. */
  readonly depends: readonly string[];
  /** Patterns of the hardware that it drives, such as `pci:v00001D0Fd…`. */
  readonly aliases: readonly string[];
}

/** A module with the hardware for which it is loaded. */
export interface PlannedModule {
  readonly path: string;
  readonly name: string;
  /** PCI vendors, four hex digits; empty: always loaded. */
  readonly vendors: readonly string[];
}

const VIRTIO_VENDOR = '1af4';

/** The kernel's own spelling of a module's name or file name: `virtio-rng.ko` is `virtio_rng`. */
export function moduleName(file: string): string {
  return file.replace(/^.*\//, '').replace(/\.ko$/, '').replaceAll('-', '_');
}

/** Reads `.modinfo` of an uncompressed 64-bit module. Throws `Error` where it is not one. */
export function readModuleInfo(path: string, bytes: Buffer): ModuleInfo {
  const pairs = modinfoSection(path, bytes)
    .toString('latin1')
    .split('\0')
    .map((text) => text.split(/=(.*)/s));
  const all = (key: string) => pairs.filter(([name]) => name === key).map(([, value]) => value ?? '');
  const names = (text: string) => text.split(/[\s,]+/).filter(Boolean);
  const soft = all('softdep').flatMap((text) => names(/\bpre:(.*?)(?:\bpost:|$)/.exec(text)?.[1] ?? ''));
  const depends = [...all('depends').flatMap(names), ...soft].map(moduleName);
  return { name: moduleName(path), depends: [...new Set(depends)], aliases: all('alias') };
}

function modinfoSection(path: string, bytes: Buffer): Buffer {
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46)
    throw new Error(`internal: ${path} is not an ELF file`);
  const table = Number(bytes.readBigUInt64LE(0x28));
  const [entrySize, count, nameIndex] = [0x3a, 0x3c, 0x3e].map((at) => bytes.readUInt16LE(at)) as [
    number,
    number,
    number,
  ];
  const section = (index: number) => {
    const at = table + index * entrySize;
    const start = Number(bytes.readBigUInt64LE(at + 0x18));
    return {
      name: bytes.readUInt32LE(at),
      body: bytes.subarray(start, start + Number(bytes.readBigUInt64LE(at + 0x20))),
    };
  };
  const names = section(nameIndex).body;
  for (let index = 1; index < count; index++) {
    const { name, body } = section(index);
    if (names.subarray(name, names.indexOf(0, name)).toString('latin1') === '.modinfo') return body;
  }
  throw new Error(`internal: ${path} has no .modinfo section`);
}

/** Modules and what they depend on. */
export interface ModuleCatalog {
  /** Path of a module by its name. */
  readonly paths: ReadonlyMap<string, string>;
  /** Names of what is part of the kernel itself (modules.builtin). */
  readonly builtin: ReadonlySet<string>;
  readonly info: (path: string) => ModuleInfo;
}

/**
 * The modules wanted and all that they depend on, each after what it depends on, in an order that follows from the
 * names alone. A module is planned for the hardware of those that ask for it. `missing` names those wanted that are neither
 * there nor built in; dependencies are the kernel package's own business.
 */
export function planModules(
  wanted: readonly string[],
  catalog: ModuleCatalog,
): { modules: PlannedModule[]; missing: string[] } {
  const planned = new Map<string, { path: string; vendors: Set<string>; always: boolean }>();
  const missing = new Set<string>();
  const visit = (name: string, vendors: readonly string[] | undefined, trail: readonly string[]): void => {
    const path = catalog.paths.get(name);
    if (path === undefined && trail.length === 0 && !catalog.builtin.has(name)) missing.add(name);
    if (path === undefined || trail.includes(name)) return;
    const info = catalog.info(path);
    const reach = vendors ?? vendorsOf(info);
    for (const dependency of [...info.depends].sort()) visit(dependency, reach, [...trail, name]);
    const entry = planned.get(name) ?? { path, vendors: new Set<string>(), always: false };
    for (const vendor of reach) entry.vendors.add(vendor);
    planned.set(name, { ...entry, always: entry.always || reach.length === 0 });
  };
  for (const name of [...new Set(wanted.map(moduleName))].sort()) visit(name, undefined, []);
  const modules = [...planned].map(([name, { path, vendors, always }]) => ({
    name,
    path,
    vendors: always ? [] : [...vendors].sort(),
  }));
  return { modules, missing: [...missing].sort() };
}

function vendorsOf(info: ModuleInfo): string[] {
  const vendors = info.aliases.map((alias) =>
    alias.startsWith('virtio:') ? VIRTIO_VENDOR : /^pci:v0000([0-9A-F]{4})d/.exec(alias)?.[1]?.toLowerCase(),
  );
  const hardware = info.aliases.filter((alias) => /^[a-z0-9]+:/.test(alias));
  const known = vendors.filter((vendor) => vendor !== undefined);
  return known.length === hardware.length ? [...new Set(known)].sort() : [];
}
