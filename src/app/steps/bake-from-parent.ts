import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type PlacedFile, placedFiles } from '../../baker/application/application-files.ts';
import { writeTarOfFolder } from '../../formats/archive/tar-writer.ts';
import type { Build } from '../../model/build.ts';
import { sha256 } from '../../model/canonical.ts';
import { KilnError } from '../../model/error.ts';
import type { LockedPackage } from '../../model/lock.ts';
import type { ImageSpec } from '../../model/spec.ts';
import { timestamp } from '../../ports/clock.ts';
import type { ParentBakeRequest } from '../../ports/parent-baker.ts';
import type { Ports } from '../../ports/ports.ts';
import type { LoadedSpec } from '../../ports/spec-source.ts';
import { type BakeAnswer, readLock } from './bake-image.ts';
import { begunStep, recorded, requireBuild, type StepAnswer, type StepRequest } from './step.ts';

export interface PendingAnswer extends Omit<StepAnswer, 'outcome'> {
  readonly outcome: 'pending';
}

export type ParentBakePorts = Pick<
  Ports,
  'catalog' | 'clock' | 'specs' | 'source' | 'store' | 'progress' | 'folders' | 'parentBaker'
>;

/** Unit of an application that its spec starts by a command. */
const COMMAND_UNIT = 'kiln-application.service';

/**
 * Bakes the build's lock on top of the spec's parent image, by the service that does so: begins it, or tells how far it is. The state
 * machine asks again until it is no longer `pending`. Throws CONFIG_INVALID where there is no such service.
 */
export async function bakeFromParent(
  ports: ParentBakePorts,
  request: StepRequest,
): Promise<BakeAnswer | PendingAnswer> {
  const baker = 'parentBaker' in ports ? ports.parentBaker : undefined;
  if (!baker) {
    const hint = 'bake with kiln, or build it on AWS: kiln remote build';
    throw new KilnError(
      'CONFIG_INVALID',
      `${request.image} is to be baked by image-builder, which this machine has not`,
      { hint },
    );
  }
  const build = await requireBuild(ports.catalog, request.buildId);
  const state = await baker.bake(bakeKey(build), () => requestOf(ports, request));
  if (state.kind === 'pending') return pending(ports, build, state.detail);
  return recorded(ports, request.buildId, 'bake', async () => {
    if (state.kind === 'failed') return { ...NOTHING, outcome: 'refused', detail: state.reason };
    const { imageId, treeDigest } = state;
    // The disk is the service's own and never seen here: the image stands for it.
    const diskDigest = sha256(`image ${imageId}`);
    const facts = { bakedBy: 'image-builder', parent: (await ports.specs.load(request.image)).spec.bake.parent };
    return {
      outcome: 'succeeded',
      treeDigest,
      diskDigest,
      made: imageId,
      facts,
      detail: `Image Builder made ${imageId}`,
    };
  });
}

/** A build that was interrupted may have resolved anew since. */
function bakeKey({ id, steps }: Build): string {
  const { fingerprint = '' } = (steps.find((it) => it.step === 'resolve')?.result ?? {}) as { fingerprint?: string };
  return `${id} ${fingerprint}`.trim();
}

const NOTHING = { treeDigest: '', diskDigest: '', facts: {} };

async function pending({ catalog, clock }: ParentBakePorts, build: Build, detail: string): Promise<PendingAnswer> {
  const startedAt = begunStep(build, 'bake')?.startedAt ?? timestamp(clock);
  await catalog.putStep(build.id, { step: 'bake', startedAt, outcome: 'running', detail });
  return { outcome: 'pending', detail };
}

async function requestOf(ports: ParentBakePorts, request: StepRequest): Promise<ParentBakeRequest> {
  const loaded = await ports.specs.load(request.image);
  const lock = await readLock(ports, request);
  const wanted = lock.packages.filter((it) => it.layer !== 'boot');
  const { spec } = loaded;
  ports.folders.sweep();
  const work = ports.folders.claim(request.buildId);
  const { overlay, owners } = await overlayOf(loaded, work);
  return {
    image: spec.name,
    parent: spec.bake.parent as string,
    packages: await debsOf(ports, spec, wanted),
    keep: spec.bake.keep,
    overlay,
    owners,
    unit: spec.application.run.unit ?? COMMAND_UNIT,
    remove: spec.identities.map((it) => it.path),
    withoutDocumentation: spec.minimize.documentation,
  };
}

async function debsOf({ source, progress }: ParentBakePorts, { os }: ImageSpec, packages: readonly LockedPackage[]) {
  const paths = await source.fetch(packages, () => source.indexes(os, progress), progress);
  return packages.map(({ name, version, sha256: digest }) => ({
    name,
    version,
    sha256: digest,
    path: paths.get(digest) as string,
  }));
}

/** The files of the user's own as a tar, and who owns those that root does not. */
async function overlayOf({ spec, directory }: LoadedSpec, work: string) {
  const root = join(work, 'overlay');
  mkdirSync(root, { recursive: true });
  const files = placedFiles(spec, directory);
  for (const file of files) lay(root, file);
  if (spec.application.run.command) layText(root, `/etc/systemd/system/${COMMAND_UNIT}`, commandUnit(spec));
  const overlay = join(work, 'overlay.tar');
  await writeTarOfFolder(root, overlay, { mtime: 0 });
  await rm(root, { recursive: true });
  const others = files.filter((it) => it.owner !== 'root' || it.group !== 'root');
  return { overlay, owners: Object.fromEntries(others.map((it) => [it.path, `${it.owner}:${it.group}`])) };
}

function lay(root: string, file: PlacedFile): void {
  const path = join(root, file.path);
  if (file.type === 'directory') {
    mkdirSync(path, { recursive: true, mode: file.mode });
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  if (file.type === 'symlink') symlinkSync(file.target ?? '', path);
  else writeFileSync(path, file.read(), { mode: file.mode });
}

function layText(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text, { mode: 0o644 });
}

/** systemd.service(5) of a spec's command. */
function commandUnit({ name, application: { run } }: ImageSpec): string {
  const line = (argv: readonly string[]) => argv.map(unitWord).join(' ');
  return [
    '[Unit]',
    `Description=${name}`,
    'After=network-online.target',
    'Wants=network-online.target',
    '[Service]',
    `User=${run.user ?? 'root'}`,
    ...(run.group ? [`Group=${run.group}`] : []),
    `WorkingDirectory=${run.workingDirectory ?? '/'}`,
    ...Object.entries(run.environment).map(([key, value]) => `Environment=${unitWord(`${key}=${value}`)}`),
    ...run.before.map((argv) => `ExecStartPre=+${line(argv)}`),
    `ExecStart=${line(run.command ?? [])}`,
    'Restart=always',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}

/** A word in a unit's line (systemd.syntax(7)): quoted, without specifiers and variables. */
function unitWord(text: string): string {
  const escaped = text.replace(/[\\"]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$').replaceAll('\n', '\\n');
  return `"${escaped}"`;
}
