import { lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { folderTree } from '../formats/tree/folder-tree.ts';
import type { Lock } from '../model/lock.ts';
import type { ImageSpec } from '../model/spec.ts';
import type { IsolatedRoot } from '../ports/isolated-root.ts';
import type { PackageSource } from '../ports/package-source.ts';
import type { Progress } from '../ports/progress.ts';
import { layApplication } from './application/application-files.ts';
import { findIdentities } from './identity/identities.ts';
import { makeLoaderCache, setLoaderToolAside } from './loader-cache.ts';
import { statusFiles } from './package-status.ts';
import { makeAlways } from './prune/always.ts';
import { amountOf, pruneRoot } from './prune/prune.ts';
import { findInstances } from './runtime/instances.ts';
import { makeUsers, usersNamed } from './runtime/make-users.ts';
import { layRuntimeFiles } from './runtime-layer.ts';
import { ownDebOf } from './stage/own-deb.ts';
import { stageRoot } from './stage/stage.ts';
import { sourceDateEpoch } from './tree/epoch.ts';
import { orNoSpace } from './tree/no-space.ts';
import { normalise } from './tree/normalise.ts';
import { removeAt } from './tree/unpack-tree.ts';
import { walkFolder } from './tree/walk-folder.ts';
import { writeTree } from './tree/write-tree.ts';
import type { Identity, PruneReport, RootFacts, RuntimeFile } from './types.ts';

export interface RootTreeRequest {
  readonly spec: ImageSpec;
  /** Folder of the spec: the user's own files are relative to it. */
  readonly specDirectory: string;
  readonly lock: Lock;
  /** Paths of fetched .debs by SHA-256. */
  readonly debs: ReadonlyMap<string, string>;
  /** Folder of this build. */
  readonly work: string;
  /** Folder for configured bases. */
  readonly cache: string;
  /** Kiln's own files for init, first boot and service; asked when all else is in place. */
  readonly runtime: (root: RootFacts) => Promise<readonly RuntimeFile[]>;
  readonly signal?: AbortSignal;
}

export interface RootTreePorts {
  readonly isolation: IsolatedRoot;
  readonly source: Pick<PackageSource, 'open'>;
  readonly progress: Progress;
}

export interface RootTree {
  /** Folder that is the root. */
  readonly root: string;
  readonly tarPath: string;
  /** Hex SHA-256 of the tar. */
  readonly treeDigest: string;
  readonly identities: readonly Identity[];
  readonly report: PruneReport;
}

/**
 * From a lock to the tree that an image holds: staged and configured in isolation, pruned, identities taken out, the user's
 * and Kiln's own files laid in, written as a tar. Throws CONFIGURE_FAILED, NO_SPACE, REFUSED, NOT_FOUND, INTERRUPTED; an
 * attempt that fails leaves nothing outside `work` but a finished base.
 */
export function makeRootTree(request: RootTreeRequest, ports: RootTreePorts): Promise<RootTree> {
  return orNoSpace(`baking ${request.lock.image}`, () => bakeTree(request, ports));
}

async function bakeTree(request: RootTreeRequest, ports: RootTreePorts): Promise<RootTree> {
  const { spec, lock, work, signal } = request;
  const epoch = sourceDateEpoch(lock);
  const ownDeb = ownDebOf(spec, request.specDirectory);
  const stage = await stageRoot(ownDeb ? { ...request, ownDeb } : request, ports);
  const { root } = stage;
  const aside = join(work, 'aside');
  mkdirSync(aside, { recursive: true });
  setLoaderToolAside(root, aside);
  const instances = await findInstances(
    { root, spec, directory: request.specDirectory, work, signal },
    ports.isolation,
  );
  ports.progress.note('pruning what the image does not need');
  const pruned = await pruneRoot(stage, request, ports.source);
  const pure = amountOf(walkFolder(root));
  const generated = makeAlways(root, spec);
  const found = findIdentities(folderTree(root), pruned.made, spec);
  for (const path of found.remove) removeAt(root, path);
  const status = statusFiles(lock, request.debs);
  layRuntimeFiles(root, status);
  const users = makeUsers(root, usersNamed(spec, request.specDirectory));
  if (users.length > 0) ports.progress.note(`no package makes the user ${users.join(', ')}: made for the image`);
  layApplication(root, spec, request.specDirectory);
  const { identities } = found;
  const facts: RootFacts = { root, tree: folderTree(root), identities, instances, sourceDateEpoch: epoch };
  const runtime = await request.runtime(facts);
  layRuntimeFiles(root, runtime);
  await makeLoaderCache(root, aside, ports.isolation, signal);
  normalise(root, epoch);
  const tree = await writeTree(root, work, epoch, signal);
  const made = [...pruned.made, ...generated, ...[...status, ...runtime].map((it) => it.path)];
  const there = (path: string) => lstatSync(root + path, { throwIfNoEntry: false }) !== undefined;
  const kept = amountOf(walkFolder(root));
  const { staged } = pruned.report;
  const report: PruneReport = {
    ...pruned.report,
    // What was laid after pruning was never staged, and is not to hide what was taken out.
    staged: { files: staged.files + kept.files - pure.files, bytes: staged.bytes + kept.bytes - pure.bytes },
    kept,
    generated: [...new Set(made)].filter(there).sort(),
  };
  return { root, tarPath: tree.tarPath, treeDigest: tree.treeDigest, identities, report };
}
