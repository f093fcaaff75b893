import { readControl, readDebLayout } from '../../formats/archive/deb.ts';
import { parseRelations } from '../../formats/debian/relation.ts';
import { parseStanzas, type Stanza } from '../../formats/debian/stanza.ts';
import type { Lock, LockedDeb } from '../../model/lock.ts';

/** A locked package with what its own control file says, as far as configuring needs it. */
export interface LockedControl {
  readonly deb: LockedDeb;
  readonly control: Stanza;
  readonly essential: boolean;
  /** Names of locked packages that a Depends group can be met by, all alternatives and providers alike. */
  readonly depends: readonly string[];
  readonly preDepends: readonly string[];
}

/** Packages that are configured: those of the base, and what is put on top of it. Each sorted by name. */
export interface StagedSet {
  readonly base: readonly LockedControl[];
  readonly added: readonly LockedControl[];
}

/**
 * Splits what a lock has configured. The base is all of `build.base` and those shipped that are Essential or that an
 * Essential package needs, so that images which share versions share a base. `debs` are paths by SHA-256.
 */
export function stagedSet(lock: Lock, debs: ReadonlyMap<string, string>): StagedSet {
  const whole = lock.packages.filter((it) => it.files === undefined);
  const names = new Set([...whole, ...lock.build.base].map((it) => it.name));
  const read = controlsOf([...new Map([...lock.build.base, ...whole].map((it) => [it.name, it])).values()], debs);
  const base = new Set(lock.build.base.map((it) => it.name));
  const ahead = [...read.values()].filter((it) => it.essential || base.has(it.deb.name));
  for (let next = ahead.pop(); next; next = ahead.pop()) {
    base.add(next.deb.name);
    for (const name of [...next.preDepends, ...next.depends]) {
      if (!base.has(name) && names.has(name)) ahead.push(read.get(name)!);
    }
  }
  const sorted = [...read.values()].sort((a, b) => (a.deb.name < b.deb.name ? -1 : 1));
  return { base: sorted.filter((it) => base.has(it.deb.name)), added: sorted.filter((it) => !base.has(it.deb.name)) };
}

function controlsOf(locked: readonly LockedDeb[], debs: ReadonlyMap<string, string>): Map<string, LockedControl> {
  const stanzas = locked.map((deb) => ({ deb, control: readStanza(pathOf(deb, debs)) }));
  const providers = new Map<string, string[]>();
  for (const { deb, control } of stanzas) {
    const provided = parseRelations(control.get('Provides') ?? '', deb.name).flat();
    for (const { name } of [{ name: deb.name }, ...provided])
      providers.set(name, [...(providers.get(name) ?? []), deb.name]);
  }
  const members = (control: Stanza, field: string, place: string) => [
    ...new Set(
      parseRelations(control.get(field) ?? '', place)
        .flat()
        .flatMap(({ name }) => providers.get(name) ?? []),
    ),
  ];
  return new Map(
    stanzas.map(({ deb, control }) => [
      deb.name,
      {
        deb,
        control,
        essential: control.get('Essential') === 'yes',
        depends: members(control, 'Depends', `${deb.name}: Depends`),
        preDepends: members(control, 'Pre-Depends', `${deb.name}: Pre-Depends`),
      },
    ]),
  );
}

/** Path of a fetched .deb. */
export function pathOf(deb: LockedDeb, debs: ReadonlyMap<string, string>): string {
  const path = debs.get(deb.sha256);
  if (path === undefined) throw new Error(`internal: ${deb.name} was not fetched`);
  return path;
}

function readStanza(path: string): Stanza {
  const control = readControl(path, readDebLayout(path)).get('control')!;
  return parseStanzas(control, { name: `${path}: control`, code: 'PACKAGE_CORRUPT' }).next().value ?? new Map();
}
