import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadUnit, startsNothing } from '../../formats/system/unit-files.ts';
import { folderTree } from '../../formats/tree/folder-tree.ts';
import { KilnError } from '../../model/error.ts';
import type { FileTree } from '../../model/file-tree.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { IsolatedRoot } from '../../ports/isolated-root.ts';
import { placedFiles } from '../application/application-files.ts';

const GENERATORS = '/usr/lib/systemd/system-generators';
/** Where generators put what they make, by rank (systemd.generator(7)). */
const OUTPUT = ['/run/systemd/generator', '/run/systemd/generator.early', '/run/systemd/generator.late'];
const TIME_LIMIT_MS = 60_000;

interface GeneratorRequest {
  readonly root: string;
  readonly spec: ImageSpec;
  /** Of the spec. */
  readonly directory: string;
  /** Folder of this build. */
  readonly work: string;
  readonly signal?: AbortSignal;
}

/**
 * Services that run in place of the application's unit, where that only stands for others: those that packages' generators make
 * of the configuration, the user's own files included, and those that scripts have enabled under it. The generators run in the
 * isolated root, as systemd would run them at boot. Sorted; [] for a unit that starts something itself.
 */
export async function findInstances(request: GeneratorRequest, isolation: IsolatedRoot): Promise<string[]> {
  const { unit } = request.spec.application.run;
  const tree = folderTree(request.root);
  const loaded = unit === undefined ? undefined : loadUnit(tree, unit);
  if (unit === undefined || !loaded || !startsNothing(loaded)) return [];
  await runGenerators(request, isolation);
  const folders = ['/etc/systemd/system', '/usr/lib/systemd/system', ...OUTPUT];
  const names = folders.flatMap((folder) =>
    ['wants', 'requires'].flatMap((kind) => tree.list(`${folder}/${unit}.${kind}`)),
  );
  return [...new Set(names)].filter((name) => name.endsWith('.service') && loadUnit(tree, name)).sort();
}

async function runGenerators({ root, spec, directory, work, signal }: GeneratorRequest, isolation: IsolatedRoot) {
  const tree = folderTree(root);
  const ofManager = new Set(
    linesOf(tree, '/var/lib/dpkg/info/systemd.list').map((it) => it.replace(/^\/lib\//, '/usr/lib/')),
  );
  const generators = tree
    .list(GENERATORS)
    .map((name) => `${GENERATORS}/${name}`)
    .filter((path) => !ofManager.has(path) && tree.resolve(path)?.type === 'file');
  if (generators.length === 0) return;
  const script = `mkdir -p ${OUTPUT.join(' ')}; for it; do "$it" ${OUTPUT.join(' ')} || exit; done`;
  const result = await isolation.run(root, ['/usr/bin/sh', '-c', script, 'sh', ...generators], {
    binds: ownConfiguration(spec, directory, work),
    environment: { PATH: '/usr/sbin:/usr/bin', LC_ALL: 'C.UTF-8' },
    timeoutMs: TIME_LIMIT_MS,
    signal,
  });
  if (result.exitStatus === 0) return;
  throw new KilnError('CONFIGURE_FAILED', `a generator of units failed: ${result.stderr.trim()}`, {
    hint: `it makes what ${spec.application.run.unit} stands for of files in /etc; application.files can change them`,
  });
}

function linesOf(tree: FileTree, path: string): string[] {
  return tree.resolve(path)?.type === 'file' ? tree.read(path).toString('utf8').split('\n') : [];
}

/** The user's own files in /etc, seen by the generators; they are laid into the root later, when it is pruned. */
function ownConfiguration(spec: ImageSpec, directory: string, work: string): { source: string; target: string }[] {
  const folder = join(work, 'configuration');
  mkdirSync(folder, { recursive: true });
  const own = placedFiles(spec, directory).filter(({ type, path }) => type === 'file' && path.startsWith('/etc/'));
  return own.map((file) => {
    const source = join(folder, randomUUID());
    writeFileSync(source, file.read());
    return { source, target: file.path };
  });
}

/**
 * The unit that is the service: an instance in place of one that only stands for others. Throws SPEC_INVALID where there is none,
 * or several and the init starts one service.
 */
export function serviceUnit(tree: FileTree, spec: ImageSpec, instances: readonly string[]): string | undefined {
  const { unit } = spec.application.run;
  const loaded = unit === undefined ? undefined : loadUnit(tree, unit);
  if (unit === undefined || !loaded || !startsNothing(loaded)) return unit;
  const [first, ...others] = instances;
  if (first === undefined) {
    throw new KilnError(
      'SPEC_INVALID',
      `application.run.unit: ${unit} starts nothing itself, and nothing is an instance of it`,
      {
        hint: 'name the instance to run, such as NAME@INSTANCE.service, or lay its configuration under application.files',
      },
    );
  }
  if (others.length > 0 && spec.boot.init === 'busybox') {
    throw new KilnError('SPEC_INVALID', `application.run.unit: ${unit} stands for several: ${instances.join(', ')}`, {
      hint: 'name the one to run; with boot.init: systemd all of them run',
    });
  }
  return first;
}
