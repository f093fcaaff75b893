import { posix } from 'node:path';
import { z } from 'zod';
import type { ElfFile } from '../elf/library-search.ts';
import { loadAll } from '../elf/load-all.ts';
import { isPrivateNeighbour, type MissingLibrary } from '../elf/load-scope.ts';
import { includeFix } from '../fixes.ts';
import { answer, defineRule, notApplicable, type Observation, type RuleContext } from '../rule.ts';

/** For all that can run: the program interpreter and each NEEDED library are in the image, where ld.so finds them. */
export const elfLibraries = defineRule({
  id: 'elf-libraries',
  title: 'each program and library that can run finds its interpreter and its libraries in the image',
  remedy: 'resolve again, or name the library under resolution.includeFiles in the spec',
  parameters: z.strictObject({ allow: z.array(z.string()).default([]).describe('sonames that may be missing') }),
  check(context, { allow }) {
    const loads = loadAll(context);
    if (loads.programs.length === 0) return notApplicable('no ELF file in the image can run');
    const libraries = [...loads.missing.values()].filter(
      (it) => !allow.includes(it.soname) && !isSparePlugin(context, it),
    );
    return answer([
      ...loads.programs.flatMap((program) => interpreterFinding(context, program)),
      ...libraries.filter((it) => !isLoadedByPath(context, loads.byPath, it)).map((it) => libraryFinding(context, it)),
    ]);
  },
});

function interpreterFinding({ tree, inventory, providerOf }: RuleContext, { path, facts }: ElfFile): Observation[] {
  const { interpreter } = facts;
  if (interpreter === undefined || facts.soname !== undefined) return [];
  const found = tree.resolve(interpreter);
  if (found?.type === 'file' && (found.mode & 0o111) !== 0) return [];
  return [
    {
      message: `${path} is started by ${interpreter}, which ${found ? 'nobody may execute' : 'is not in the image'}`,
      file: path,
      package: ownerOf(inventory.elf, path),
      seen: found ? `mode 0${found.mode.toString(8)}` : 'absent',
      wanted: interpreter,
      mend: mendOf(providerOf(interpreter)),
      fix: includeFix(interpreter, undefined),
    },
  ];
}

function libraryFinding({ inventory, lock, providerOf }: RuleContext, { soname, by }: MissingLibrary): Observation {
  return {
    message: `${by} needs ${soname}, which is not where the loader looks`,
    file: by,
    package: ownerOf(inventory.elf, by),
    seen: elsewhere(inventory.elf, soname) ?? 'absent',
    wanted: soname,
    mend: mendOf(providerOf(soname)),
    fix: includeFix(soname, providerOf(soname), lock),
  };
}

/**
 * The asker is only offered to a program, as one of the plugins of its folder, and nobody has named it: a program goes on without
 * those that do not load. Packages bring plugins whose libraries they only suggest.
 */
function isSparePlugin({ inventory, reachability }: RuleContext, { soname, by }: MissingLibrary): boolean {
  const reasons = reachability?.reachable.get(by) ?? [];
  const isThere = inventory.elf.some((it) => it.soname === soname || posix.basename(it.path) === soname);
  return !isThere && reasons.length > 0 && reasons.every((it) => it.rule === 'elf-plugins' && !it.required);
}

function isLoadedByPath(
  { inventory }: RuleContext,
  byPath: ReadonlyMap<string, ElfFile>,
  { soname, by }: MissingLibrary,
): boolean {
  const asker = byPath.get(by);
  return inventory.elf.some(
    (elf) =>
      (elf.soname === soname || posix.basename(elf.path) === soname) &&
      asker !== undefined &&
      isPrivateNeighbour(asker, elf.path),
  );
}

function elsewhere(elves: readonly { path: string; soname: string }[], soname: string): string | undefined {
  return elves.find((elf) => elf.soname === soname)?.path;
}

function ownerOf(elves: readonly { path: string; package: string }[], path: string): string | undefined {
  return elves.find((elf) => elf.path === path)?.package || undefined;
}

const mendOf = (provider: string | undefined): string | undefined => provider && `package ${provider} has it`;
