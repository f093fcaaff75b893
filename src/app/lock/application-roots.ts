import { nodeImports } from '../../formats/language/node-imports.ts';
import { perlImports } from '../../formats/language/perl-imports.ts';
import { pythonImports } from '../../formats/language/python-imports.ts';
import type { FileTree } from '../../model/file-tree.ts';
import type { PackageRecord } from '../../model/package.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { Ports } from '../../ports/ports.ts';
import type { EvidenceResult, Need } from '../../resolver/evidence/gather.ts';
import type { Root } from '../../resolver/resolve.ts';
import { type Platform, placesOf } from '../application/places.ts';
import { type Archive, extendClosure, reasonOf } from './closure.ts';

export interface RootsQuestion {
  readonly spec: ImageSpec;
  readonly archive: Archive;
  readonly closure: { readonly packages: readonly PackageRecord[] };
  /** The user's own files as they lie in the image. */
  readonly own: FileTree;
  /** What was gathered with the closure as it is. */
  readonly found: Pick<EvidenceResult, 'files' | 'missing'>;
}

type RootPorts = Pick<Ports, 'source' | 'progress'>;

/** What a library needs besides its own file is in its package's relations only; programs show what they need. */
const LIBRARY_RULES = new Set(['elf-libraries', 'elf-interpreter']);
const OF_THE_RUN = 'image.yaml: application.run';
/** Owners of one path beyond these are not compared. */
const MOST_OWNERS = 8;

/**
 * Packages that the user's own files, and the spec's own commands, need beyond the closure: libraries as whole packages, also
 * Essential ones; programs and modules that no package at hand has by the archive's Contents. What nobody has, and what can be done
 * without, is no root.
 */
export async function rootsOfFiles(ports: RootPorts, question: RootsQuestion): Promise<Root[]> {
  const { own, found } = question;
  const isOwn = ({ by }: Need) => by.startsWith(OF_THE_RUN) || own.lookup(by) !== undefined;
  const libraries = found.files.flatMap(({ package: name, why }) =>
    why.filter((it) => LIBRARY_RULES.has(it.rule) && isOwn(it)).map((it) => rootOf(name, it)),
  );
  const missing = found.missing.filter((it) => isOwn(it) && (it.required || isLoaded(it, own)));
  return [...libraries, ...(await rootsOfMissing(ports, question, missing))];
}

/**
 * Whether a module is loaded by the user's own code without a guard. Of packages' code it is not known which functions run; what
 * an application's own functions import is what it is made for.
 */
function isLoaded({ rule, by, needs, line }: Need, own: FileTree): boolean {
  if (own.resolve(by)?.type !== 'file') return false;
  if (rule === 'python-modules') {
    const { imports } = pythonImports(own.read(by).toString('utf8'));
    return imports.some((it) => it.line === line && it.level === 0 && !it.tried);
  }
  if (rule === 'perl-modules') return perlLoads(own.read(by).toString('utf8'), needs, line);
  // A dependency says itself what it needs, and the rule has looked.
  if (rule !== 'node-modules' || by.includes('/node_modules/')) return false;
  const { imports } = nodeImports(own.read(by).toString('utf8'));
  return imports.some((it) => it.line === line && it.specifier === needs && !it.guarded);
}

function perlLoads(text: string, name: string, line: number | undefined): boolean {
  return perlImports(text).modules.some((it) => it.name === name && it.line === line && !it.guarded);
}

const rootOf = (relation: string, need: Need): Root => ({ relation, why: reasonOf(need) });

async function rootsOfMissing(ports: RootPorts, question: RootsQuestion, missing: readonly Need[]): Promise<Root[]> {
  const platform = platformOf(question.archive);
  const sought = missing
    .map((need) => ({ need, places: placesOf(need, platform) }))
    .filter((it) => it.places.length > 0);
  if (sought.length === 0) return [];
  const paths = sought.flatMap((it) => it.places);
  const owned = await ports.source.owners(question.spec.os, paths, ports.progress);
  const roots: Root[] = [];
  for (const { need, places } of sought) {
    const byName = need.rule === 'ruby-modules' ? gemOf(ports, question, need.needs) : undefined;
    const name = (await ownerOf(ports, question, places, owned)) ?? (await byName) ?? usualOwner(question, need);
    if (name !== undefined) roots.push(rootOf(name, need));
  }
  return roots;
}

/** What the candidates of the languages say of their folders. */
function platformOf({ universe }: Pick<Archive, 'universe'>): Platform {
  const versionOf = (name: string, pattern: RegExp) => pattern.exec(universe.candidate(name)?.version ?? '')?.[1];
  return {
    triplet: 'x86_64-linux-gnu',
    python: versionOf('python3', /^(?:\d+:)?(3\.\d+)/),
    perl: versionOf('perl-base', /^(?:\d+:)?(5\.\d+\.\d+)/),
  };
}

/** The package at the first place that somebody ships; Contents may be older than the package, so its own list is asked. */
async function ownerOf(
  ports: RootPorts,
  question: RootsQuestion,
  places: readonly string[],
  owned: ReadonlyMap<string, readonly string[]>,
): Promise<string | undefined> {
  for (const place of places) {
    for (const record of ranked(question, owned.get(place) ?? [])) {
      await ports.source.fetch([record], question.archive.indexes, ports.progress);
      if ((await ports.source.open(record)).data.lookup(place)) return record.name;
    }
  }
  return undefined;
}

/** Programs whose path is made by update-alternatives, so that no package has it, and what brings Debian's default of each. */
const BY_ALTERNATIVE: Readonly<Record<string, string>> = {
  awk: 'mawk',
  java: 'default-jre-headless',
  lua: 'lua5.4',
  nc: 'netcat-openbsd',
  php: 'php-cli',
};

function usualOwner({ archive }: RootsQuestion, { needs }: Need): string | undefined {
  const name = BY_ALTERNATIVE[needs.replace(/^\/usr\/bin\//, '')];
  return name !== undefined && archive.universe.candidate(name) ? name : undefined;
}

/**
 * A library that lies in a gem of its own, in a folder that is named after a version: looked for in the packages that Debian's naming
 * gives, and taken only where one has it.
 */
async function gemOf(ports: RootPorts, { archive }: RootsQuestion, feature: string): Promise<string | undefined> {
  const parts = feature.toLowerCase().replaceAll('_', '-').split('/');
  const stems = parts.map((_, at) => parts.slice(0, parts.length - at).join('-'));
  const file = new RegExp(String.raw`/(?:lib|vendor_ruby)/(?:.*/)?${feature.replace(/[^\w/-]/g, '\\$&')}\.(?:rb|so)$`);
  for (const name of stems.flatMap((it) => [`ruby-${it}`, it])) {
    const record = archive.universe.candidate(name);
    if (!record) continue;
    await ports.source.fetch([record], archive.indexes, ports.progress);
    const { data } = await ports.source.open(record);
    if ([...data.entries()].some((it) => file.test(it.path))) return name;
  }
  return undefined;
}

/** Of several owners the one that adds least to the closure, then the shorter name, then the one that comes first. */
function ranked({ archive, closure, spec }: RootsQuestion, names: readonly string[]): PackageRecord[] {
  const records = names.slice(0, MOST_OWNERS).flatMap((name) => archive.universe.candidate(name) ?? []);
  if (records.length < 2) return records;
  const added = (record: PackageRecord): number => {
    const root: Root = { relation: record.name, why: { kind: 'spec', field: 'application' } };
    const outcome = extendClosure(archive.universe, closure.packages, [root], spec.resolution);
    if (outcome.kind === 'unsatisfiable') return Number.POSITIVE_INFINITY;
    return outcome.packages.reduce((sum, it) => sum + it.installedSizeKiB, 0);
  };
  const weighed = records.map((record) => ({ record, size: added(record), name: record.name }));
  weighed.sort((a, b) => a.size - b.size || a.name.length - b.name.length || (a.name < b.name ? -1 : 1));
  return weighed.map((it) => it.record);
}
