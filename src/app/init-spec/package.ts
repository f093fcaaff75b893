import { KilnError } from '../../model/error.ts';
import type { PackageRecord } from '../../model/package.ts';
import { imageSpec } from '../../model/spec.ts';
import type { DebContents } from '../../ports/package-source.ts';
import { resolve } from '../../resolver/resolve.ts';
import { type Draft, type DraftContext, nameFrom } from './draft.ts';
import { type Listening, listeningOf } from './listening.ts';
import { recommendedFor } from './recommended.ts';
import { datagramPorts } from './services.ts';
import { type ChosenUnit, chooseUnit, templatesOf } from './unit.ts';

const PROGRAM = /^\/usr\/s?bin\/([^/]+)$/;

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
  const { family, contents } = await openFamily(context, record);
  const run = runOf(name, family, contents);
  const listening = listeningOf(contents, 'unit' in run.how ? run.how.unit : undefined);
  const [first] = listening.ports;
  const datagram = first !== undefined && (await datagramPorts(context)).has(first);
  const include = 'unit' in run.how ? await recommendedFor(context, record, contents, run.how.unit) : [];
  return {
    name: nameFrom(name),
    description: `the Debian package ${name}`,
    packages: [name],
    include,
    run: run.how,
    ...(run.init ? { init: run.init } : {}),
    ports: listening.ports,
    files: listening.opened,
    local: listening.closed.length > 0,
    datagram,
    http: false,
    notes: [
      ...run.notes,
      ...include.map((it) => `${name} only recommends ${it}, and its service reads a file of it.`),
      ...listeningNotes(listening),
    ],
  };
}

function listeningNotes({ ports, opened, closed }: Listening): string[] {
  const known =
    ports.length > 0
      ? `The ports were read from the package’s files; see whether they are those that it serves.`
      : 'Its files name no port: the first build tells what it listens on, and kiln launch forwards it. Add `ports`, and a test that asks one.';
  return [
    known,
    ...opened.map(
      ({ path }) =>
        `${path} is the package’s own, but for listening on all addresses: by itself it serves 127.0.0.1 only.`,
    ),
    ...closed.map(
      (it) =>
        `It serves 127.0.0.1 only (${it}): lay a file of your own there under \`files\` to reach it from outside.`,
    ),
  ];
}

interface Family {
  readonly family: readonly PackageRecord[];
  readonly contents: readonly DebContents[];
}

/**
 * The package and those of its closure that are built from the same source (a unit may be in `nginx-common`); where these run
 * nothing, those that it names itself: a package may stand for others.
 */
async function openFamily(context: DraftContext, record: PackageRecord): Promise<Family> {
  const closure = closureOf(context, record);
  const named = new Set(
    context.archive.universe.relations(record, 'Depends').flatMap((group) => group.map((it) => it.name)),
  );
  const own = [record, ...closure.filter((it) => it.name !== record.name && it.source.name === record.source.name)];
  const contents = await openAll(context, own);
  if (chooseUnit(contents, [])?.runsOn || programsOf(contents.slice(0, 1)).length > 0) return { family: own, contents };
  const others = closure.filter((it) => named.has(it.name) && !own.includes(it));
  return { family: [...own, ...others], contents: [...contents, ...(await openAll(context, others))] };
}

function closureOf({ archive }: DraftContext, record: PackageRecord): readonly PackageRecord[] {
  const why = { kind: 'spec', field: 'application.packages' } as const;
  const resolution = imageSpec.shape.resolution.parse({});
  const outcome = resolve(archive.universe, { roots: [{ relation: record.name, why }], resolution });
  return outcome.kind === 'unsatisfiable' ? [] : outcome.packages;
}

function programsOf(contents: readonly DebContents[]): string[] {
  return contents.flatMap((it) => [...it.data.entries()].map((entry) => entry.path)).filter((it) => PROGRAM.test(it));
}

async function openAll({ ports, archive }: DraftContext, records: readonly PackageRecord[]): Promise<DebContents[]> {
  await ports.source.fetch(records, archive.indexes, ports.progress);
  return Promise.all(records.map((it) => ports.source.open(it)));
}

interface Chosen {
  readonly how: Draft['run'];
  readonly init?: Draft['init'];
  readonly notes: string[];
}

function runOf(name: string, family: readonly PackageRecord[], contents: readonly DebContents[]): Chosen {
  const stems = [name, ...family.flatMap((it) => [it.name, it.source.name])];
  const chosen = chooseUnit(contents, stems);
  const templates = chosen?.runsOn ? [] : templatesOf(contents, [...stems, ...(chosen ? [stemOf(chosen.unit)] : [])]);
  if (chosen) return runOfUnit(chosen, templates);
  const instances =
    templates.length > 0
      ? [
          `What runs is an instance of ${templates.join(' or ')}: name that one in \`run\`, the instance between @ and the dot.`,
        ]
      : [];
  const programs = programsOf(contents);
  const program = programs.find((path) => path.endsWith(`/${name}`)) ?? programs[0];
  const note = program
    ? 'It brings no unit: see whether the command stays in the foreground.'
    : 'It brings neither a unit nor a program: say what is to run.';
  return { how: { command: [program ?? `/usr/bin/${name}`] }, notes: [note, ...instances] };
}

function runOfUnit({ unit, others, standsForOthers, asksForManager }: ChosenUnit, templates: string[]): Chosen {
  const notes = [
    ...(others.length > 0 ? [`It also brings ${others.join(', ')}.`] : []),
    ...(standsForOthers
      ? [
          `${unit} starts nothing itself: what runs is what its configuration makes, such as an instance of ${templates.join(' or ') || 'a template'}.`,
        ]
      : []),
    ...(asksForManager.length > 0 ? [`systemd is the init, because ${unit} says ${asksForManager.join(', ')}.`] : []),
  ];
  return { how: { unit }, ...(asksForManager.length > 0 ? { init: 'systemd' } : {}), notes };
}

function stemOf(unit: string): string {
  return unit.replace(/\.service$/, '');
}
