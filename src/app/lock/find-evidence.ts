import { unionTree } from '../../formats/tree/union-tree.ts';
import type { FileTree } from '../../model/file-tree.ts';
import type { Reason } from '../../model/lock.ts';
import type { PackageRecord } from '../../model/package.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { DebContents } from '../../ports/package-source.ts';
import type { Ports } from '../../ports/ports.ts';
import { type Alternative, alternativesOf } from '../../resolver/evidence/alternatives.ts';
import { configurationCopies } from '../../resolver/evidence/configuration-copies.ts';
import { type EvidenceResult, gatherEvidence, type Need, type Start } from '../../resolver/evidence/gather.ts';
import { applicationTree } from '../application/tree.ts';
import { type Archive, reasonOf } from './closure.ts';

export interface EvidenceOutcome {
  /** Packages outside the closure of which some files are needed, with those files. */
  readonly packages: readonly { name: string; files: string[]; why: Reason[] }[];
  /** What something names and nothing here has, one line each. */
  readonly unproven: string[];
  readonly found: EvidenceResult;
  /** The user's own files. */
  readonly own: FileTree;
}

interface Packages {
  readonly packages: readonly PackageRecord[];
}

export interface EvidenceQuestion {
  readonly spec: ImageSpec;
  readonly directory: string;
  readonly archive: Archive;
  readonly closure: Packages;
  readonly boot: Packages;
  readonly base: Packages;
}

/** Finds which files of Essential packages the application needs, from the packages' own files. */
export async function findEvidence(
  ports: Pick<Ports, 'source' | 'progress'>,
  question: EvidenceQuestion,
): Promise<EvidenceOutcome> {
  const { spec, directory, archive, closure, boot, base } = question;
  const whole = [...closure.packages, ...boot.packages];
  await ports.source.fetch([...whole, ...base.packages], archive.indexes, ports.progress);
  ports.progress.note('gathering evidence from the packages’ files');
  const contents = await openAll(ports, whole);
  const spare = await openAll(ports, base.packages);
  const own = applicationTree(spec, directory);
  const tree = unionTree([...contents.map((it) => it.data), own]);
  const candidates = unionTree(spare.map((it) => it.data));
  const found = gatherEvidence({
    tree,
    candidates,
    starts: startsOf(spec),
    configuration: configurationOf(spec, whole, contents),
    alternatives: [...registered(whole, contents), ...registered(base.packages, spare)],
  });
  return { packages: byPackage(spec, found, candidates), unproven: found.missing.map(needLine), found, own };
}

async function openAll(ports: Pick<Ports, 'source'>, packages: readonly PackageRecord[]): Promise<DebContents[]> {
  return Promise.all(packages.map((it) => ports.source.open(it)));
}

/** What the packages' scripts register with update-alternatives. */
function registered(packages: readonly PackageRecord[], contents: readonly DebContents[]): Alternative[] {
  return packages.flatMap((it, at) =>
    alternativesOf(it.name, contents[at]?.control.get('postinst')?.toString('utf8') ?? ''),
  );
}

/** Where running begins, as the spec says it. */
export function startsOf(spec: ImageSpec): Start[] {
  const { run } = spec.application;
  const starts: Start[] = [];
  if (run.unit) starts.push({ kind: 'unit', name: run.unit, by: 'image.yaml: application.run.unit' });
  if (run.command) {
    const { command: argv, user, workingDirectory, environment } = run;
    const modulePath = moduleFolders(environment);
    starts.push({
      kind: 'command',
      argv,
      user,
      workingDirectory,
      modulePath,
      by: 'image.yaml: application.run.command',
    });
  }
  for (const argv of run.before) starts.push({ kind: 'command', argv, by: 'image.yaml: application.run.before' });
  for (const { command } of spec.identities) {
    if (command) starts.push({ kind: 'command', argv: command, by: 'image.yaml: identities' });
  }
  for (const path of spec.resolution.includeFiles)
    starts.push({ kind: 'file', path, by: 'image.yaml: resolution.includeFiles' });
  if (spec.boot.init === 'systemd')
    starts.push({ kind: 'file', path: '/usr/lib/systemd/systemd', by: 'image.yaml: boot.init' });
  return starts;
}

/** Absolute folders in which the languages look for modules first, by their variables. */
function moduleFolders(environment: Readonly<Record<string, string>>): string[] {
  const lists = ['PYTHONPATH', 'PERL5LIB', 'NODE_PATH', 'RUBYLIB'].flatMap((it) => environment[it]?.split(':') ?? []);
  return lists.filter((it) => it.startsWith('/'));
}

/** Configuration files of the application: those that the spec lays down and those of the packages that it names. */
function configurationOf(
  spec: ImageSpec,
  packages: readonly PackageRecord[],
  contents: readonly DebContents[],
): string[] {
  const roots = new Set(spec.application.packages.map((relation) => relation.split(/[ :(]/)[0]));
  const theirs = packages.flatMap((it, at) => {
    const control = roots.has(it.name) ? contents[at]?.control : undefined;
    const listed = control?.get('conffiles')?.toString('utf8').split('\n') ?? [];
    const copied = configurationCopies(control?.get('postinst')?.toString('utf8') ?? '').map(([, source]) => source);
    return [...listed.filter((line) => line.startsWith('/')), ...copied];
  });
  return [...spec.application.files.map((file) => file.path), ...theirs];
}

function byPackage(spec: ImageSpec, result: EvidenceResult, candidates: FileTree): EvidenceOutcome['packages'] {
  const found = new Map<string, { name: string; files: string[]; why: Reason[] }>();
  const add = (path: string, name: string, why: Reason[]) => {
    const entry = found.get(name) ?? { name, files: [], why: [] };
    entry.files.push(path);
    entry.why.push(...why);
    found.set(name, entry);
  };
  for (const { path, package: name, why } of result.files) add(path, name, why.map(reasonOf));
  for (const path of spec.resolution.includeFiles) {
    const owner = candidates.lookup(path)?.package;
    const known = owner && found.get(owner)?.files.includes(path);
    if (owner && !known) add(path, owner, [{ kind: 'spec', field: 'resolution.includeFiles' }]);
  }
  return [...found.values()].map((it) => ({ ...it, files: it.files.sort(), why: distinct(it.why) }));
}

function distinct(reasons: readonly Reason[]): Reason[] {
  return [...new Map(reasons.map((it) => [JSON.stringify(it), it])).values()];
}

function needLine({ by, line, needs, rule }: Need): string {
  return `${needs} (${rule}, ${by}${line === undefined ? '' : `:${line}`})`;
}
