import { elfOf } from '../read/elf.ts';
import type { RuleContext } from '../rule.ts';
import { type ElfFile, librarySearch } from './library-search.ts';
import { type LoadScope, loadScope, type MissingLibrary } from './load-scope.ts';

/** How everything that can run in an image would be loaded. */
export interface Loads {
  /** ELF files that can run or be loaded. */
  readonly programs: readonly ElfFile[];
  readonly byPath: ReadonlyMap<string, ElfFile>;
  /** By program; libraries that no program loads by itself are roots, too. */
  readonly scopes: ReadonlyMap<string, LoadScope>;
  readonly missing: ReadonlyMap<string, MissingLibrary>;
}

const cache = new WeakMap<RuleContext['inventory'], Loads>();

/** Loads all that can run: programs first, then the libraries that none of them asks for (plugins). Done once an inventory. */
export function loadAll(context: RuleContext): Loads {
  const known = cache.get(context.inventory);
  if (known) return known;
  const loads = loadEach(context);
  cache.set(context.inventory, loads);
  return loads;
}

function loadEach({ tree, inventory }: RuleContext): Loads {
  const search = librarySearch(tree);
  const programs = inventory.elf
    .filter(({ kind, reachable }) => reachable && kind !== 'object')
    .map(({ path }) => ({ path, facts: elfOf(tree, path)! }));
  const kindOf = new Map(inventory.elf.map(({ path, kind }) => [path, kind]));
  const scopes = new Map<string, LoadScope>();
  const covered = new Set<string>();
  const missing = new Map<string, MissingLibrary>();
  const order = [
    ...programs.filter((it) => kindOf.get(it.path) === 'executable'),
    ...programs.filter((it) => kindOf.get(it.path) === 'library'),
  ];
  for (const program of order) {
    if (covered.has(program.path)) continue;
    const scope = loadScope(program, search);
    scopes.set(program.path, scope);
    for (const object of scope.objects) covered.add(object.path);
    for (const library of scope.missing) missing.set(`${library.by} ${library.soname}`, library);
  }
  return { programs, byPath: new Map(programs.map((it) => [it.path, it])), scopes, missing };
}
