import { mkdirSync } from 'node:fs';
import { aptPackageSource } from '../../../src/adapters/local/apt-package-source.ts';
import { unshareIsolatedRoot } from '../../../src/adapters/local/unshare-isolated-root.ts';
import { localFolders } from '../../../src/adapters/local/work-folders.ts';
import { extendClosure, openArchive } from '../../../src/app/lock/closure.ts';
import { stageRoot } from '../../../src/baker/stage/stage.ts';
import type { Lock } from '../../../src/model/lock.ts';
import { imageSpec } from '../../../src/model/spec.ts';
import { systemClock } from '../../../src/ports/clock.ts';
import { silent } from '../../../src/ports/progress.ts';
import type { ResolvedPackage } from '../../../src/resolver/resolve.ts';
import { MACHINE_CACHE } from './build-container.ts';

/** Packages of this machine's own sources: the least set that holds them, with each one's .deb on this machine. */
export async function fetchClosure(packages: readonly string[], folder: string, withEssential = false) {
  const source = aptPackageSource({ cache: MACHINE_CACHE, clock: systemClock });
  const folders = localFolders({ work: folder, cache: MACHINE_CACHE });
  const application = { packages: [...packages], run: { command: ['/bin/true'] } };
  const spec = imageSpec.parse({ name: 'parent', application });
  const { universe, indexes } = await openArchive({ source, progress: silent, folders }, spec.os);
  const essential = withEssential ? universe.essential().map(({ name }) => name) : [];
  const roots = [...essential, ...packages].map((relation) => ({
    relation,
    why: { kind: 'boot' as const, purpose: 'parent' },
  }));
  const found = extendClosure(universe, [], roots, spec.resolution);
  if (found.kind === 'unsatisfiable') throw new Error(`internal: ${packages.join(', ')} cannot be installed`);
  const debs = await source.fetch(found.packages, indexes, silent);
  return { source, indexes, packages: found.packages as readonly ResolvedPackage[], debs };
}

/** A root as a vendor's image has it: Essential packages, apt, systemd, and what else is named, configured by this machine's own sources. */
export async function makeParentRoot(folder: string, further: readonly string[]): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const { source, indexes, packages, debs } = await fetchClosure(['apt', 'systemd-sysv', ...further], folder, true);
  const lock = { indexes, packages: [], build: { base: packages, tools: [] } } as unknown as Lock;
  const ports = { isolation: unshareIsolatedRoot(), source, progress: silent };
  return (await stageRoot({ lock, debs, work: folder, cache: MACHINE_CACHE }, ports)).root;
}
