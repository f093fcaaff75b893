import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ExaminationPorts, openExamination } from '../../src/app/gate/examination.ts';
import { makeLock } from '../../src/app/lock/make-lock.ts';
import { makeRootTree } from '../../src/baker/root-tree.ts';
import { runtimeFiles } from '../../src/baker/runtime/runtime-files.ts';
import { composeLocal } from '../../src/cli/compose.ts';
import type { Verdict } from '../../src/model/finding.ts';
import type { Lock } from '../../src/model/lock.ts';
import type { Ports } from '../../src/ports/ports.ts';
import type { LoadedSpec } from '../../src/ports/spec-source.ts';
import { compilePolicies } from '../../src/validator/compile-policy.ts';
import { type HealthyApplication, writeApplication } from './healthy-applications.ts';

/** A root tree that was baked as an image's is, by this machine's own sources; no disk is made of it. */
export interface BakedApplication {
  readonly folder: string;
  /** The baked root. */
  readonly root: string;
  readonly lock: Lock;
  /** What built-in packs say of a root, by default the baked one. */
  examine(packs: readonly string[], root?: string): Promise<Verdict[]>;
  /** The root with some files changed: null removes, text replaces or adds, a function does as it likes with the path. */
  changed(name: string, changes: Readonly<Record<string, Change>>): string;
}

export type Change = null | string | ((path: string) => void);

/** What packages are, for all runs of the tests in this checkout: fetched once, verified each time. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/kiln-boot', import.meta.url));

/** Ports over folders of a test's own, with downloads that other tests share. */
export function bakingPorts(folder: string): Ports & { close(): void } {
  const { ports, close } = composeLocal({ home: join(folder, 'home'), cache: process.env.KILN_CACHE ?? CACHE });
  return { ...ports, close };
}

/** Resolves and bakes an application's root tree below `folder`. */
export async function bakeApplication(
  ports: Ports,
  folder: string,
  application: HealthyApplication,
): Promise<BakedApplication> {
  const here = join(folder, application.name);
  const path = writeApplication(join(here, 'spec'), application);
  await ports.catalog.putImage({ name: application.name, spec: path, addedAt: '2026-01-01T00:00:00.000Z' });
  const loaded = await ports.specs.load(application.name);
  const lock = await lockFor(ports, loaded);
  const tree = await bakeTree(ports, loaded, lock, join(here, 'work'));
  return {
    folder: here,
    root: tree,
    lock,
    examine: (packs, root = tree) => examine(ports, loaded, lock, packs, root),
    changed: (name, changes) => change(tree, join(here, name), changes),
  };
}

async function lockFor(ports: Ports, { spec, directory, lockInputs }: LoadedSpec): Promise<Lock> {
  const outcome = await makeLock(ports, { spec, directory, specDigest: lockInputs });
  if (outcome.kind === 'locked') return outcome.lock;
  throw new Error([...outcome.explanation, ...outcome.hints].join('\n'));
}

async function bakeTree(ports: Ports, { spec, directory }: LoadedSpec, lock: Lock, work: string): Promise<string> {
  mkdirSync(work, { recursive: true });
  const indexes = () => ports.source.indexes(spec.os, ports.progress);
  const debs = await ports.source.fetch([...lock.packages, ...lock.build.base], indexes, ports.progress);
  const common = { spec, lock, debs, work, cache: ports.folders.cache };
  const tree = await makeRootTree(
    { ...common, specDirectory: directory, runtime: async (root) => runtimeFiles({ ...common, ...root }).files },
    ports,
  );
  return tree.root;
}

async function examine(
  ports: ExaminationPorts,
  { spec, directory }: LoadedSpec,
  lock: Lock,
  names: readonly string[],
  root: string,
): Promise<Verdict[]> {
  const tar = `${root}.tar`;
  execFileSync('tar', ['--numeric-owner', '--xattrs', '--sort=name', '-C', root, '-cf', tar, '.']);
  const treeDigest = await ports.store.put({ path: tar });
  const packs = [...compilePolicies([]).packs.values()].filter((it) => names.includes(it.name));
  const report = await openExamination(ports, { spec, directory, lock, treeDigest }).examine(packs);
  await ports.store.remove(treeDigest);
  return [...report.verdicts];
}

/** Files are linked, not copied, so that a change is made in a moment; whatever is changed is another file. */
function change(root: string, to: string, changes: Readonly<Record<string, Change>>): string {
  execFileSync('cp', ['-al', root, to]);
  for (const [path, what] of Object.entries(changes)) {
    const place = join(to, path);
    if (typeof what === 'function') {
      what(place);
      continue;
    }
    const known = lstatSync(place, { throwIfNoEntry: false });
    rmSync(place, { recursive: true, force: true });
    if (what === null) continue;
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, what, { mode: known ? known.mode & 0o7777 : 0o644 });
  }
  return to;
}
