import { KilnError } from '../model/error.ts';
import type { PackageRecord } from '../model/package.ts';
import { imageSpec } from '../model/spec.ts';
import type { DebContents } from '../ports/package-source.ts';
import { resolve } from '../resolver/resolve.ts';
import { type Draft, type DraftContext, nameFrom } from './init-spec-draft.ts';

const UNIT = /^\/usr\/lib\/systemd\/system\/([^/@]+\.service)$/;
const PROGRAM = /^\/usr\/s?bin\/([^/]+)$/;
const LISTENS = /^\s*(?:listen|port|listen_port|bind_port)\s*[:= ]\s*(?:\S+:)?(\d{2,5})\b/gim;

/** A Debian package: started by the unit that it, or a package of the same source, brings. Throws NOT_FOUND with the nearest names. */
export async function draftOfPackage(context: DraftContext, name: string): Promise<Draft> {
  const { universe } = context.archive;
  const record = universe.candidate(name);
  if (!record) {
    const near = universe.nearest(name, 3);
    throw new KilnError('NOT_FOUND', `${name} is neither a path nor a package of these sources`, {
      hint:
        near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'name a Debian package or the path of an application',
    });
  }
  const family = familyOf(context, record);
  const contents = await openAll(context, family);
  const run = runOf(name, family, contents);
  const ports = portsOf(contents);
  return {
    name: nameFrom(name),
    description: `the Debian package ${name}`,
    packages: [name],
    run: run.how,
    ports,
    http: false,
    notes: [
      ...run.notes,
      ...(ports.length > 0
        ? [
            'The ports were read from the package’s configuration; most servers listen on 127.0.0.1 until `files` says otherwise.',
          ]
        : ['Add the ports that it listens on, and a test that asks one of them.']),
    ],
  };
}

/** The package and those of its closure that are built from the same source: a unit may be in `nginx-common`. */
function familyOf({ archive }: DraftContext, record: PackageRecord): PackageRecord[] {
  const why = { kind: 'spec', field: 'application.packages' } as const;
  const resolution = imageSpec.shape.resolution.parse({});
  const outcome = resolve(archive.universe, { roots: [{ relation: record.name, why }], resolution });
  if (outcome.kind === 'unsatisfiable') return [record];
  const others = outcome.packages.filter((it) => it.name !== record.name && it.source.name === record.source.name);
  return [record, ...others];
}

async function openAll({ ports, archive }: DraftContext, records: readonly PackageRecord[]): Promise<DebContents[]> {
  await ports.source.fetch(records, archive.indexes, ports.progress);
  return Promise.all(records.map((it) => ports.source.open(it)));
}

function runOf(
  name: string,
  family: readonly PackageRecord[],
  contents: readonly DebContents[],
): { how: Draft['run']; notes: string[] } {
  const paths = contents.flatMap((it) => [...it.data.entries()].map((entry) => entry.path));
  const units = paths.flatMap((path) => UNIT.exec(path)?.[1] ?? []);
  const stems = [name, ...family.map((it) => it.source.name)].map((it) => `${it}.service`);
  const unit = units.find((it) => stems.includes(it)) ?? units[0];
  if (unit) {
    const others = units.filter((it) => it !== unit);
    return { how: { unit }, notes: others.length > 0 ? [`It also brings ${others.join(', ')}.`] : [] };
  }
  const programs = paths.filter((path) => PROGRAM.test(path));
  const program = programs.find((path) => path.endsWith(`/${name}`)) ?? programs[0];
  if (program)
    return {
      how: { command: [program] },
      notes: ['It brings no unit: see whether the command stays in the foreground.'],
    };
  return {
    how: { command: [`/usr/bin/${name}`] },
    notes: ['It brings neither a unit nor a program: say what is to run.'],
  };
}

/** Ports that the configuration files of the packages name. */
function portsOf(contents: readonly DebContents[]): number[] {
  const found = new Set<number>();
  for (const { control, data } of contents) {
    const files = control.get('conffiles')?.toString('utf8').split('\n') ?? [];
    for (const file of files.filter((it) => it.startsWith('/'))) {
      const text = data.lookup(file)?.type === 'file' ? data.read(file).toString('utf8') : '';
      for (const match of text.matchAll(LISTENS)) found.add(Number(match[1]));
    }
  }
  return [...found].filter((it) => it > 0 && it < 65_536).sort((a, b) => a - b);
}
