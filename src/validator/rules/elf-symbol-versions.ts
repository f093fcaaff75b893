import { z } from 'zod';
import type { ElfFile } from '../elf/library-search.ts';
import { loadAll } from '../elf/load-all.ts';
import type { LoadScope } from '../elf/load-scope.ts';
import { answer, defineRule, notApplicable, type Observation, type RuleContext } from '../rule.ts';

/** A file's unmet demands are one finding: a library that is too old lacks hundreds of symbols. */
const EXAMPLES = 3;

/** For all that can run: each symbol that it needs, in the version that it needs, is defined by what ld.so loads for it. Weak ones are excused. */
export const elfSymbolVersions = defineRule({
  id: 'elf-symbol-versions',
  title: 'each library defines the symbols, in their versions, that the programs and libraries that can run ask of it',
  remedy: 'resolve again, so that the library is as new as the program needs',
  parameters: z.strictObject({}),
  check(context) {
    const { scopes, programs } = loadAll(context);
    if (programs.length === 0) return notApplicable('no ELF file in the image can run');
    const definitions = new Map<string, Definitions>();
    const judged = new Set<string>();
    const findings: Observation[] = [];
    for (const scope of scopes.values()) {
      for (const object of scope.objects) {
        if (judged.has(object.path)) continue;
        judged.add(object.path);
        findings.push(
          ...versionFindings(context, object, scope, definitions),
          ...symbolFindings(context, object, scope, definitions),
        );
      }
    }
    return answer(findings);
  },
});

/** `symbol@version` of all that a library defines. */
type Definitions = ReadonlySet<string>;

function versionFindings(
  { inventory, providerOf }: RuleContext,
  by: ElfFile,
  { objects }: LoadScope,
  known: Map<string, Definitions>,
): Observation[] {
  return by.facts.versionNeeds.flatMap(({ library, version, weak }) => {
    const found = objects.find((object) => sonameOf(object) === library);
    // An absent library is what elf-libraries reports; one without versions takes every demand (ld.so warns at most).
    if (
      !found ||
      weak ||
      found.facts.versionDefinitions.length === 0 ||
      found.facts.versionDefinitions.includes(version)
    )
      return [];
    const symbols = by.facts.imports.filter(
      (it) => it.version === version && !definitionsOf(found, known).has(`${it.name}@${version}`),
    );
    return [
      {
        message: `${by.path} needs ${version} of ${library}, which ${found.path} does not define${example(symbols)}`,
        file: by.path,
        package: ownerOf(inventory.elf, by.path),
        seen: newest(found.facts.versionDefinitions, version),
        wanted: version,
        mend: mendOf(library, providerOf(library)),
      },
    ];
  });
}

function symbolFindings(
  { inventory, providerOf }: RuleContext,
  by: ElfFile,
  { objects }: LoadScope,
  known: Map<string, Definitions>,
): Observation[] {
  const findings: Observation[] = [];
  for (const [library, wanted] of symbolsByLibrary(by)) {
    const found = objects.find((object) => sonameOf(object) === library);
    if (!found || found.facts.versionDefinitions.length === 0) continue;
    const defined = definitionsOf(found, known);
    const absent = wanted.filter(
      ({ name, version }) => found.facts.versionDefinitions.includes(version) && !defined.has(`${name}@${version}`),
    );
    // Another library of the scope may define the same version's symbol (a library that was split in two).
    const lost = absent.filter(
      ({ name, version }) => !objects.some((object) => definitionsOf(object, known).has(`${name}@${version}`)),
    );
    if (lost.length === 0) continue;
    findings.push({
      message: `${by.path} needs ${lost.length === 1 ? 'a symbol' : `${lost.length} symbols`} that ${found.path} does not define${example(lost)}`,
      file: by.path,
      package: ownerOf(inventory.elf, by.path),
      seen: 'undefined',
      wanted: lost
        .slice(0, EXAMPLES)
        .map(({ name, version }) => `${name}@${version}`)
        .join(', '),
      mend: mendOf(library, providerOf(library)),
    });
  }
  return findings;
}

function symbolsByLibrary({ facts }: ElfFile): Map<string, { name: string; version: string }[]> {
  const libraryOf = new Map(facts.versionNeeds.map(({ library, version }) => [version, library]));
  const grouped = new Map<string, { name: string; version: string }[]>();
  for (const { name, weak, version } of facts.imports) {
    const library = version === undefined ? undefined : libraryOf.get(version);
    if (weak || version === undefined || library === undefined) continue;
    const group = grouped.get(library);
    if (group) group.push({ name, version });
    else grouped.set(library, [{ name, version }]);
  }
  return grouped;
}

function definitionsOf({ path, facts }: ElfFile, known: Map<string, Definitions>): Definitions {
  let definitions = known.get(path);
  if (!definitions) {
    definitions = new Set(facts.exports.map(({ name, version }) => `${name}@${version ?? ''}`));
    known.set(path, definitions);
  }
  return definitions;
}

/** Newest definition of the same family: GLIBC_2.36 for a demand of GLIBC_2.38. */
function newest(definitions: readonly string[], wanted: string): string {
  const family = wanted.replace(/_[^_]*$/, '_');
  const order = new Intl.Collator('en', { numeric: true });
  const kin = definitions.filter((it) => it.startsWith(family) && /\d/.test(it)).sort(order.compare);
  return kin.at(-1) ?? `no ${family}*`;
}

const sonameOf = ({ path, facts }: ElfFile): string => facts.soname ?? path.slice(path.lastIndexOf('/') + 1);

const example = (symbols: readonly { name: string }[]): string =>
  symbols.length === 0
    ? ''
    : ` (${symbols
        .slice(0, EXAMPLES)
        .map(({ name }) => name)
        .join(', ')}${symbols.length > EXAMPLES ? ', …' : ''})`;

const mendOf = (library: string, provider: string | undefined): string | undefined =>
  provider && `a newer ${provider} has ${library}`;

function ownerOf(elves: readonly { path: string; package: string }[], path: string): string | undefined {
  return elves.find((elf) => elf.path === path)?.package || undefined;
}
