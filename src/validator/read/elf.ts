import { type ElfFacts, elfFacts } from '../../formats/elf/elf.ts';
import type { FileTree } from '../../model/file-tree.ts';
import type { InventoryElf, Reachability } from '../../model/inventory.ts';

const cache = new WeakMap<FileTree, Map<string, ElfFacts | undefined>>();

/** ELF facts of the file at a path, read once a tree; undefined where there is no ELF file. `bytes`: its contents, where at hand. */
export function elfOf(tree: FileTree, path: string, bytes?: Buffer): ElfFacts | undefined {
  const known = cache.get(tree) ?? new Map<string, ElfFacts | undefined>();
  cache.set(tree, known);
  if (!known.has(path)) {
    const content = bytes ?? (tree.resolve(path)?.type === 'file' ? tree.read(path) : undefined);
    known.set(path, content && elfFacts(content));
  }
  return known.get(path);
}

/** ELF facts as the inventory states them. */
export function inventoryElf(
  path: string,
  owner: string,
  facts: ElfFacts,
  reachability: Reachability | undefined,
): InventoryElf {
  const imports = new Set(facts.imports.map(({ name }) => name));
  return {
    path,
    package: owner,
    kind: kindOf(facts),
    interpreter: facts.interpreter ?? '',
    soname: facts.soname ?? '',
    needed: [...facts.needed],
    searchPath: [...facts.rpath, ...facts.runpath],
    requiredVersions: facts.versionNeeds.map(({ library, version }) => `${library}:${version}`),
    definedVersions: [...facts.versionDefinitions],
    relro: facts.relro ? (facts.bindNow ? 'full' : 'partial') : 'none',
    pie: facts.pie || (facts.type === 'shared' && facts.interpreter === undefined),
    executableStack: facts.executableStack ?? false,
    stackProtector: imports.has('__stack_chk_fail'),
    fortified: [...imports].some((name) => /^__.*_chk$/.test(name) && name !== '__stack_chk_fail'),
    reachable: reachability?.reachable.has(path) ?? true,
  };
}

/** A relocatable file (a kernel module, an object) is for another loader than ld.so. */
function kindOf({ type, interpreter, hasDynamic, soname }: ElfFacts): InventoryElf['kind'] {
  if (type === 'relocatable' || type === 'core' || type === 'other') return 'object';
  // The C library has an interpreter, too, and is a library all the same.
  if (soname !== undefined) return 'library';
  return interpreter !== undefined || !hasDynamic || type === 'executable' ? 'executable' : 'library';
}
