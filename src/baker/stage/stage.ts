import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lock } from '../../model/lock.ts';
import { copyTree } from '../tree/copy-tree.ts';
import { sourceDateEpoch } from '../tree/epoch.ts';
import { configuredBase, type StagePorts } from './base.ts';
import { runDpkg } from './dpkg.ts';
import { debName, layDebs } from './lay-debs.ts';
import { stagedSet } from './locked-set.ts';
import { installOwnDeb, type OwnDeb } from './own-deb.ts';
import { phasesOf } from './phases.ts';

export interface StageRequest {
  readonly lock: Lock;
  /** Paths of fetched .debs by SHA-256. */
  readonly debs: ReadonlyMap<string, string>;
  /** Folder of this build; emptied of an earlier attempt's stage. */
  readonly work: string;
  /** Folder for configured bases. */
  readonly cache: string;
  /** The user's own package, configured after all others. */
  readonly ownDeb?: OwnDeb;
  readonly signal?: AbortSignal;
}

export interface Stage {
  /** Folder that is the root: the base and the lock's whole packages, configured. */
  readonly root: string;
  /** Paths that belong to nobody and were there when only the base was configured. */
  readonly madeByBase: ReadonlySet<string>;
  /** Name of the user's own package, which ships whole. */
  readonly own?: string;
}

/**
 * A root in which everything of the lock that ships whole, and what configuring it takes, is unpacked and configured,
 * each maintainer script in an isolated root. Throws CONFIGURE_FAILED, NO_SPACE, INTERRUPTED; what was there before stays.
 */
export async function stageRoot(request: StageRequest, ports: StagePorts): Promise<Stage> {
  const { lock, debs, work, cache, signal } = request;
  const set = stagedSet(lock, debs);
  // What is staged has set-user-id programs in it.
  await chmod(work, 0o700);
  const stubs = await writeStubs(join(work, 'stubs'));
  const epoch = sourceDateEpoch(lock);
  const base = await configuredBase({ packages: set.base, debs, work, cache, stubs, signal }, ports);
  const root = join(work, 'root');
  await rm(root, { recursive: true, force: true });
  await copyTree(base.root, root, signal);
  const phases = phasesOf(set.added);
  if (phases.length > 0) {
    const folder = await layDebs(set.added, debs, join(work, 'debs'), ports.source);
    const names = phases.map((phase) => phase.map(debName));
    await runDpkg(
      { root, debs: folder, phases: names, stubs, sourceDateEpoch: epoch, signal },
      ports,
      'configure packages',
    );
  }
  if (request.ownDeb) {
    await installOwnDeb({ root, deb: request.ownDeb, work, stubs, sourceDateEpoch: epoch, signal }, ports);
  }
  return { root, madeByBase: base.made, ...(request.ownDeb ? { own: request.ownDeb.name } : {}) };
}

/** Stand-ins that forbid (invoke-rc.d(8): 101) and start nothing; bound over the root's own while dpkg runs. */
async function writeStubs(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const scripts = { 'policy-rc.d': '#!/bin/sh\nexit 101\n', 'start-stop-daemon': '#!/bin/sh\nexit 0\n' };
  for (const [name, text] of Object.entries(scripts)) {
    await writeFile(join(folder, name), text);
    await chmod(join(folder, name), 0o755);
  }
  return folder;
}
