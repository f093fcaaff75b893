import type { PackageRecord } from '../../model/package.ts';
import type { Provider, Universe } from './universe.ts';

/**
 * A universe as it would be with other versions of some packages, for asking what an update would touch before any index has it. A
 * version that the indexes have is taken as it is there; another one has the relations of the candidate.
 */
export function updatedUniverse(universe: Universe, updates: Readonly<Record<string, string>>): Universe {
  if (Object.keys(updates).length === 0) return universe;
  const originals = new Map<PackageRecord, PackageRecord>();
  const replaced = new Map<string, PackageRecord>();
  for (const [name, version] of Object.entries(updates)) {
    const offered = universe.versions(name).find((it) => it.version === version);
    const candidate = universe.candidate(name);
    if (offered) replaced.set(name, offered);
    else if (candidate) {
      const made = { ...candidate, version, sha256: '' };
      originals.set(made, candidate);
      replaced.set(name, made);
    }
  }
  const original = (record: PackageRecord): PackageRecord => originals.get(record) ?? record;
  const versions = (name: string): readonly PackageRecord[] => {
    const first = replaced.get(name);
    return first ? [first, ...universe.versions(name).filter((it) => it !== first)] : universe.versions(name);
  };
  const replacedProviders = (it: Provider): Provider[] => {
    const made = replaced.get(it.record.name);
    return made && original(made) === it.record && made !== it.record ? [it, { ...it, record: made }] : [it];
  };
  return {
    ...universe,
    candidate: (name) => versions(name)[0],
    identity: (name) => replaced.get(name) ?? universe.identity(name),
    digest: (name) => replaced.get(name)?.sha256 ?? universe.digest(name),
    provision: (name) => {
      const known = universe.provision(name);
      const touched = universe.providers(name).filter(({ record }) => replaced.has(record.name));
      return [known, ...touched.map(({ record }) => `${record.name} ${replaced.get(record.name)!.version}`)].join('\n');
    },
    versions,
    providers: (name) => universe.providers(name).flatMap(replacedProviders),
    relations: (record, field) => universe.relations(original(record), field),
    multiArch: (record) => universe.multiArch(original(record)),
    place: (record) => universe.place(original(record)),
  };
}
