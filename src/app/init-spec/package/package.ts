import { basename } from 'node:path';
import { KilnError } from '../../../model/error.ts';
import type { PackageRecord } from '../../../model/package.ts';
import type { DebContents } from '../../../ports/package-source.ts';
import { type Draft, type DraftContext, nameFrom } from '../draft/draft.ts';
import { JAVA_STARTS_IN } from '../draft/web-server.ts';
import { openFamily, programsOf } from './family.ts';
import { type Listening, listeningOf } from './listening.ts';
import { recommendedFor } from './recommended.ts';
import { datagramPorts } from './services.ts';
import { type ChosenUnit, chooseUnit, filesAwaited, templatesOf } from './unit.ts';
import { draftOfWeb, webApplicationOf } from './web-application.ts';

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
  const { family, contents, own, isJava } = await openFamily(context, record);
  const run = runOf(name, family, contents, own);
  const web = own.flatMap((it) => webApplicationOf(it) ?? [])[0];
  if (web && !run.isOfName) return draftOfWeb(name, web);
  if (run.isNothing) throw nothingToRun(name);
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
    local: listening.closed.length > 0 || (datagram && listening.isOffer),
    datagram,
    http: false,
    ...(isJava ? { timeout: JAVA_STARTS_IN } : {}),
    notes: [
      ...run.notes,
      ...('unit' in run.how ? filesAwaited(contents, run.how.unit) : []).map(
        (it) => `${name} starts only where ${it} is: lay it under \`files\`.`,
      ),
      ...include.map((it) => `${name} only recommends ${it}, and its service reads a file of it.`),
      ...listeningNotes(listening),
    ],
  };
}

function nothingToRun(name: string): KilnError {
  return new KilnError('USAGE', `${name} brings neither a service nor a program: there is nothing to run`, {
    hint: `name the package of what uses it, or your application's folder; ${name} can stand under \`packages\` of its spec`,
  });
}

function listeningNotes({ ports, opened, closed, letsIn }: Listening): string[] {
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
    ...(letsIn.length > 0
      ? [
          `It lets in 127.0.0.1 only (${letsIn.join(', ')}): lay a file of your own there under \`files\` to be answered elsewhere.`,
        ]
      : []),
  ];
}

interface Chosen {
  readonly how: Draft['run'];
  readonly init?: Draft['init'];
  readonly notes: string[];
  /** It is called like the package. */
  readonly isOfName: boolean;
  /** It brings nothing that could run. */
  readonly isNothing?: boolean;
}

function runOf(
  name: string,
  family: readonly PackageRecord[],
  contents: readonly DebContents[],
  own: readonly DebContents[],
): Chosen {
  const stems = [name, ...family.flatMap((it) => [it.name, it.source.name])];
  const chosen = chooseUnit(contents, stems);
  const templates = chosen?.runsOn ? [] : templatesOf(contents, [...stems, ...(chosen ? [stemOf(chosen.unit)] : [])]);
  if (chosen) return runOfUnit(chosen, templates, stems);
  const instances =
    templates.length > 0
      ? [
          `What runs is an instance of ${templates.join(' or ')}: name that one in \`run\`, the instance between @ and the dot.`,
        ]
      : [];
  const program = programIn(name, own, contents);
  if (program === undefined && templates.length === 0)
    return { how: { command: [`/usr/bin/${name}`] }, notes: [], isOfName: false, isNothing: true };
  const note = program
    ? noServiceNote(programsOf(own), program)
    : 'It brings neither a unit nor a program: say what is to run.';
  const isOfName = program?.endsWith(`/${name}`) ?? false;
  return { how: { command: [program ?? `/usr/bin/${name}`] }, notes: [note, ...instances], isOfName };
}

function noServiceNote(programs: readonly string[], chosen: string): string {
  const others = programs.filter((it) => it !== chosen);
  const some =
    others.length > 0
      ? ` It also has ${others
          .slice(0, MOST_NAMED)
          .map((it) => basename(it))
          .join(', ')}${others.length > MOST_NAMED ? ' and more' : ''}.`
      : '';
  return `It brings no unit: see whether the command stays in the foreground.${some}`;
}

const MOST_NAMED = 6;

/** The program of the name, else the first of its own, else one that the name begins with, as `git-daemon-run` does with `git`. */
function programIn(name: string, own: readonly DebContents[], contents: readonly DebContents[]): string | undefined {
  const all = programsOf(contents);
  const called = (stem: string) => all.find((path) => path.endsWith(`/${stem}`));
  return called(name) ?? programsOf(own)[0] ?? called(name.replace(/-.*$/, ''));
}

function runOfUnit(
  { unit, others, standsForOthers, asksForManager }: ChosenUnit,
  templates: string[],
  stems: readonly string[],
): Chosen {
  const notes = [
    ...(others.length > 0 ? [`It also brings ${others.join(', ')}.`] : []),
    ...(standsForOthers
      ? [
          `${unit} starts nothing itself: what runs is what its configuration makes, such as an instance of ${templates.join(' or ') || 'a template'}.`,
        ]
      : []),
    ...(asksForManager.length > 0 ? [`systemd is the init, because ${unit} says ${asksForManager.join(', ')}.`] : []),
  ];
  return {
    how: { unit },
    ...(asksForManager.length > 0 ? { init: 'systemd' } : {}),
    notes,
    isOfName: stems.includes(stemOf(unit)),
  };
}

function stemOf(unit: string): string {
  return unit.replace(/\.service$/, '');
}
