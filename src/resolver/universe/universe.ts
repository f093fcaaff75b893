import { parseRelations } from '../../formats/debian/relation.ts';
import { memoise } from '../../formats/memoise.ts';
import { nearestNames } from '../../formats/text/nearest.ts';
import type { PackageRecord, VerifiedIndex } from '../../model/package.ts';
import type { Alternatives, RelationField } from '../../model/relation.ts';
import type { Runs, Tables } from './columns.ts';
import { digestIn } from './index-scan.ts';
import { recordsOf } from './records.ts';
import { buildTables } from './tables.ts';

/** A package that Provides a name; `version` where the Provides states one. */
export interface Provider {
  readonly record: PackageRecord;
  readonly version?: string;
}

export interface Identity {
  readonly version: string;
  readonly sha256: string;
}

/** All packages that the indexes offer. Records are made when first asked for, and are the same object each time. */
export interface Universe {
  readonly architecture: string;
  readonly indexes: readonly VerifiedIndex[];
  /** Number of stanzas. */
  readonly size: number;
  readonly warnings: readonly string[];
  /** The package that apt would take: highest priority, then highest version. */
  candidate(name: string): PackageRecord | undefined;
  /** What tells the candidate of a name from any other, without making its record. */
  identity(name: string): Identity | undefined;
  /** SHA-256 of the candidate's bytes, which tells most that ask for an identity enough. */
  digest(name: string): string | undefined;
  /** Text that is the same in two universes where the candidates that Provide a name are; empty where there are none. */
  provision(name: string): string;
  /** All packages of a name, the candidate first. */
  versions(name: string): readonly PackageRecord[];
  /** Names of packages, sorted. */
  names(): Iterable<string>;
  /** Packages, of any version, that Provide a name. */
  providers(name: string): readonly Provider[];
  essential(): readonly PackageRecord[];
  /** Groups of a relationship field. Throws INDEX_CORRUPT naming index, package and field. */
  relations(record: PackageRecord, field: RelationField): readonly Alternatives[];
  /** `no` where the stanza says nothing (Multi-Arch specification). */
  multiArch(record: PackageRecord): string;
  /** Names of packages that look like `name`, nearest first. */
  nearest(name: string, count?: number): string[];
  /** Index and package of a record, for messages. */
  place(record: PackageRecord): string;
}

/** Makes a universe of verified Packages files. Nothing but names and versions is decoded yet. Throws INDEX_CORRUPT. */
export function buildUniverse(
  inputs: readonly { index: VerifiedIndex; text: Buffer }[],
  architecture: string,
): Universe {
  return universeOf(buildTables(inputs, architecture));
}

/** A universe over tables, wherever they came from. */
export function universeOf(tables: Tables): Universe {
  const records = recordsOf(tables);
  const run = (runs: Runs, name: string): Uint32Array => {
    const id = tables.names.find(name);
    return id < 0 ? new Uint32Array() : runs.list.subarray(runs.start[id]!, runs.start[id + 1]!);
  };
  const versions = memoise((name: string) => Array.from(run(tables.versions, name), records.at));
  const relations = relationsOf(tables, records.stanzaOf);
  const providers = memoise((name: string) =>
    Array.from(run(tables.providers, name), records.at).flatMap((record) => providedBy(record, name, relations)),
  );
  const universe: Universe = {
    architecture: tables.architecture,
    indexes: tables.indexes,
    size: tables.count,
    warnings: tables.warnings,
    candidate: (name) => versions(name)[0],
    identity: (name) => identityOf(tables, candidateStanza(tables, name)),
    digest: (name) => {
      const stanza = candidateStanza(tables, name);
      return stanza === undefined ? undefined : digestIn(tables.stanza(stanza));
    },
    provision: (name) => provisionOf(tables, run(tables.providers, name)),
    versions,
    names: () => packageNames(tables),
    providers,
    essential: () => Array.from(tables.essential, records.at),
    relations,
    multiArch: (record) => tables.field(records.stanzaOf(record), 'multi-arch') ?? 'no',
    nearest: (name, count = 3) => nearestNames(packageNames(tables), name, count),
    place: (record) => tables.place(records.stanzaOf(record)),
  };
  tablesBehind.set(universe, tables);
  return universe;
}

const tablesBehind = new WeakMap<Universe, Tables>();

/** The tables of a universe, for those who read all of it. */
export function tablesOf(universe: Universe): Tables {
  const tables = tablesBehind.get(universe);
  if (!tables) throw new Error('internal: a universe without tables');
  return tables;
}

function candidateStanza({ names, versions: { start, list } }: Tables, name: string): number | undefined {
  const id = names.find(name);
  return id < 0 || start[id] === start[id + 1] ? undefined : list[start[id]!];
}

function identityOf(tables: Tables, stanza: number | undefined): Identity | undefined {
  if (stanza === undefined) return undefined;
  return { version: tables.field(stanza, 'version') ?? '', sha256: tables.field(stanza, 'sha256') ?? '' };
}

function provisionOf(tables: Tables, providers: Uint32Array): string {
  const { start, list } = tables.versions;
  return Array.from(providers)
    .filter((it) => list[start[tables.nameOf[it]!]!] === it)
    .map(
      (it) => `${tables.names.at(tables.nameOf[it]!)} ${tables.field(it, 'version')}: ${tables.field(it, 'provides')}`,
    )
    .sort()
    .join('\n');
}

function* packageNames(tables: Tables): Generator<string> {
  const { start } = tables.versions;
  for (let id = 0; id < tables.names.count; id += 1) {
    if (start[id + 1]! > start[id]!) yield tables.names.at(id);
  }
}

/** A Provides may name one name twice, with different versions. */
function providedBy(record: PackageRecord, name: string, relations: Universe['relations']): Provider[] {
  return relations(record, 'Provides').flatMap(([it]) =>
    it?.name === name ? [it.constraint ? { record, version: it.constraint.version } : { record }] : [],
  );
}

const FIELDS: readonly RelationField[] = [
  'Depends',
  'Pre-Depends',
  'Recommends',
  'Suggests',
  'Conflicts',
  'Breaks',
  'Replaces',
  'Provides',
];

const KEPT_RELATIONS = 20_000;

function relationsOf(tables: Tables, stanzaOf: (record: PackageRecord) => number): Universe['relations'] {
  const parsed = new Map<number, readonly Alternatives[]>();
  return (record, field) => {
    const stanza = stanzaOf(record);
    const key = stanza * FIELDS.length + FIELDS.indexOf(field);
    const known = parsed.get(key);
    if (known) return known;
    const text = tables.field(stanza, field.toLowerCase()) ?? '';
    const groups = parseRelations(text, () => `${tables.place(stanza)}, field ${field}`, tables.architecture);
    // Who reads a whole index asks for each only once, and it has a hundred megabytes of them.
    if (parsed.size >= KEPT_RELATIONS) parsed.clear();
    parsed.set(key, groups);
    return groups;
  };
}
