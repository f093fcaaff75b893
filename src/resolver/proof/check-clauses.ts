import { parseRelations } from '../../formats/debian/relation.ts';
import { parseStanzas, type Stanza } from '../../formats/debian/stanza.ts';
import { compareVersions, satisfies } from '../../formats/debian/version.ts';
import type { VerifiedIndex } from '../../model/package.ts';
import type { Alternatives, Relation } from '../../model/relation.ts';
import type { Resolution } from '../../model/spec.ts';

/** A package as the checker knows it: its stanza, and the index that it is from. */
export interface CheckedPackage {
  readonly name: string;
  readonly version: string;
  readonly stanza: Stanza;
  readonly index: VerifiedIndex;
}

/** All stanzas of the indexes, by name and by what they Provide. Made with nothing of the solver's. */
export interface CheckedArchive {
  readonly architecture: string;
  readonly packages: ReadonlyMap<string, readonly CheckedPackage[]>;
  readonly providers: ReadonlyMap<string, readonly { package: CheckedPackage; version: string | undefined }[]>;
}

/** A clause over names: one of `positive` is in, or one of `negative` is not. */
export interface CheckedClause {
  readonly negative: readonly string[];
  readonly positive: readonly string[];
}

/** Clauses by name, what each name stands for, and what each wish (a variable that is no package) costs. */
export interface CheckedProblem {
  readonly clauses: ReadonlyMap<string, CheckedClause>;
  readonly packages: ReadonlyMap<string, CheckedPackage>;
  readonly wishes: ReadonlyMap<string, 'recommends' | 'prefer'>;
}

export function readArchive(
  inputs: readonly { index: VerifiedIndex; text: Buffer }[],
  architecture: string,
): CheckedArchive {
  const packages = new Map<string, CheckedPackage[]>();
  const providers = new Map<string, { package: CheckedPackage; version: string | undefined }[]>();
  for (const { index, text } of inputs) {
    for (const stanza of parseStanzas(text, { name: index.codename })) {
      if (![architecture, 'all'].includes(stanza.get('Architecture') ?? '')) continue;
      const it = { name: stanza.get('Package')!, version: stanza.get('Version')!, stanza, index };
      packages.set(it.name, [...(packages.get(it.name) ?? []), it]);
      for (const [provided] of groupsOf(it, 'Provides')) {
        const known = providers.get(provided!.name) ?? [];
        providers.set(provided!.name, known);
        known.push({ package: it, version: provided!.constraint?.version });
      }
    }
  }
  for (const versions of packages.values()) versions.sort((a, b) => preference(a, b, inputs));
  return { architecture, packages, providers };
}

/** Highest priority, highest version, index named first, lowest digest. */
function preference(a: CheckedPackage, b: CheckedPackage, inputs: readonly { index: VerifiedIndex }[]): number {
  const position = (it: CheckedPackage): number => inputs.findIndex(({ index }) => index === it.index);
  return (
    b.index.priority - a.index.priority ||
    compareVersions(b.version, a.version) ||
    position(a) - position(b) ||
    ((a.stanza.get('SHA256') ?? '') < (b.stanza.get('SHA256') ?? '') ? -1 : 1)
  );
}

function groupsOf(it: CheckedPackage, field: string): Alternatives[] {
  const text = it.stanza.get(field);
  return text === undefined ? [] : parseRelations(text.replaceAll('\n', ' '), `${it.name}, field ${field}`);
}

/** Makes the clauses of a request, walking from its roots through every alternative. */
export function makeClauses(archive: CheckedArchive, roots: readonly string[], resolution: Resolution): CheckedProblem {
  const clauses = new Map<string, CheckedClause>();
  const packages = new Map<string, CheckedPackage>();
  const wishes = new Map<string, 'recommends' | 'prefer'>();
  const chosen = (name: string): CheckedPackage | undefined => choose(archive, name, resolution);
  const meet = (group: Alternatives, substitutes = resolution.substitutes): string[] => [
    ...new Set(group.flatMap((relation) => meeting(archive, relation, chosen, substitutes))),
  ];
  const take = (names: readonly string[]): void => names.forEach((name) => void packages.set(name, chosen(name)!));
  roots.forEach((root, i) => {
    const positive = meet(parseRelations(root, 'root')[0] ?? [], false);
    clauses.set(`root/${i}`, { negative: [], positive });
    take(positive);
  });
  const follows = (name: string): boolean =>
    Array.isArray(resolution.recommends) ? resolution.recommends.includes(name) : resolution.recommends;
  for (const [by, it] of packages) {
    for (const field of follows(by) ? ['Pre-Depends', 'Depends', 'Recommends'] : ['Pre-Depends', 'Depends']) {
      groupsOf(it, field).forEach((group, i) => {
        const name = `${by}/${field}/${i}`;
        const members = meet(group);
        if (members.includes(by)) return;
        take(members);
        if (field === 'Recommends') wishes.set(name, 'recommends');
        clauses.set(name, { negative: [by], positive: field === 'Recommends' ? [...members, name] : members });
        const liked = members.filter((member) => resolution.prefer.includes(member));
        if (liked.length === 0 || liked.length === members.length) return;
        wishes.set(`${name}/prefer`, 'prefer');
        clauses.set(`${name}/prefer`, { negative: [by], positive: [...liked, `${name}/prefer`] });
      });
    }
  }
  for (const [by, it] of packages) {
    for (const field of ['Conflicts', 'Breaks']) {
      groupsOf(it, field).forEach(([relation], i) => {
        for (const other of strike(archive, relation!, chosen)) {
          if (other === by || !packages.has(other)) continue;
          clauses.set(`${by}/${field}/${i}/${other}`, { negative: [by, other], positive: [] });
        }
      });
    }
  }
  for (const name of resolution.exclude) {
    if (packages.has(name)) clauses.set(`exclude/${name}`, { negative: [name], positive: [] });
  }
  return { clauses, packages, wishes };
}

type Chosen = (name: string) => CheckedPackage | undefined;

function choose(archive: CheckedArchive, name: string, { pin }: Resolution): CheckedPackage | undefined {
  const versions = archive.packages.get(name) ?? [];
  const wanted = pin[name];
  if (wanted === undefined) return versions[0];
  const release = wanted.startsWith('release=') ? wanted.slice('release='.length) : undefined;
  return versions.find((it) =>
    release === undefined ? it.version === wanted : it.index.codename === release || it.index.suite === release,
  );
}

/** DESIGN: by the package of that name if its version fits; else by those that Provide it. */
function meeting(archive: CheckedArchive, relation: Relation, chosen: Chosen, substitutes: boolean): string[] {
  const own = chosen(relation.name);
  const fits = own && qualified(archive, own, relation) && satisfies(own.version, relation.constraint);
  if (fits && !substitutes) return [own.name];
  const standing = providing(archive, relation, chosen).filter((it) => qualified(archive, it, relation));
  return [...(fits ? [own.name] : []), ...standing.map((it) => it.name)];
}

function strike(archive: CheckedArchive, relation: Relation, chosen: Chosen): string[] {
  if (!['any', 'native', archive.architecture].includes(relation.qualifier ?? 'any')) return [];
  const own = chosen(relation.name);
  const named = own && satisfies(own.version, relation.constraint) ? [own.name] : [];
  return [...named, ...providing(archive, relation, chosen).map((it) => it.name)];
}

function providing(archive: CheckedArchive, { name, constraint }: Relation, chosen: Chosen): CheckedPackage[] {
  return (archive.providers.get(name) ?? [])
    .filter((it) => chosen(it.package.name) === it.package)
    .filter((it) => constraint === undefined || (it.version !== undefined && satisfies(it.version, constraint)))
    .map((it) => it.package);
}

function qualified({ architecture }: CheckedArchive, it: CheckedPackage, { qualifier }: Relation): boolean {
  if (qualifier === 'any') return it.stanza.get('Multi-Arch') === 'allowed';
  return qualifier === undefined || qualifier === 'native' || qualifier === architecture;
}
