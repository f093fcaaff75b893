import { placedFiles } from '../../baker/application/application-files.ts';
import { kernelCommandLine } from '../../baker/boot/command-line.ts';
import { diskIdentifiers } from '../../baker/disk/identifiers.ts';
import { openTarTree } from '../../formats/archive/tar-tree.ts';
import { diversionsIn, withDiverted } from '../../formats/debian/diversions.ts';
import { memoryTree } from '../../formats/tree/memory-tree.ts';
import { unionTree } from '../../formats/tree/union-tree.ts';
import type { FileTree } from '../../model/file-tree.ts';
import type { Lock, LockedDeb } from '../../model/lock.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { Ports } from '../../ports/ports.ts';
import { gatherEvidence } from '../../resolver/evidence/gather.ts';
import { ownedTree } from '../../validator/owned-tree.ts';
import type { ValidationRequest } from '../../validator/validate.ts';
import { startsOf } from '../lock/find-evidence.ts';
import { placesOf } from './name-providers.ts';

export interface Subject {
  readonly spec: ImageSpec;
  /** Of the spec: the user's own files are relative to it. */
  readonly directory: string;
  readonly lock: Lock;
  /** Of the tar of the baked root tree. */
  readonly treeDigest: string;
}

type TreePorts = Pick<Ports, 'store' | 'source' | 'progress'>;

/** Opens the tree that was baked, with what it is compared with: the locked packages' own files. */
export async function openTree(
  ports: TreePorts,
  { spec, directory, lock, treeDigest }: Subject,
): Promise<Omit<ValidationRequest, 'packs'>> {
  const baked = openTarTree(await ports.store.path(treeDigest));
  await ports.source.fetch(
    [...lock.packages, ...lock.build.base],
    () => ports.source.indexes(spec.os, ports.progress),
    ports.progress,
  );
  const contents = await contentsOf(ports, lock);
  const tree = ownedTree(baked, lock, contents);
  const base = unionTree(await Promise.all(lock.build.base.map((it) => filesOf(ports, it))));
  const reachability = gatherEvidence({ tree, candidates: memoryTree({}), starts: startsOf(spec) });
  // What was locked and is not in the tree is told as well as what Essential packages have.
  const shipped = [base, ...contents.values()];
  const providerOf = (want: string) =>
    placesOf(want)
      .flatMap((path) => shipped.map((it) => it.lookup(path)?.package))
      .find((it) => it !== undefined);
  const ownFiles = new Set(placedFiles(spec, directory).map((it) => it.path));
  const commandLine = kernelCommandLine(spec.boot, diskIdentifiers(treeDigest).rootFilesystem).split(' ');
  return { tree, lock, spec, ownFiles, contents, commandLine, reachability, providerOf };
}

/** Scripts that run while a package is configured. */
const SCRIPTS = ['preinst', 'postinst'];

/** Files of the locked packages by package name; what another package diverts counts at the place where dpkg lays it as well. */
async function contentsOf({ source }: TreePorts, { packages }: Lock): Promise<Map<string, FileTree>> {
  const opened = await Promise.all(packages.map(async (it) => [it.name, await source.open(it)] as const));
  const diversions = opened.flatMap(([by, { control }]) =>
    SCRIPTS.flatMap((script) => diversionsIn(control.get(script)?.toString('utf8') ?? '')).map((it) => ({ by, it })),
  );
  return new Map(
    opened.map(([name, { data }]) => {
      const others = diversions.filter(({ by }) => by !== name).map(({ it }) => it);
      return [name, others.length > 0 ? withDiverted(data, others) : data];
    }),
  );
}

async function filesOf({ source }: TreePorts, deb: LockedDeb): Promise<FileTree> {
  return (await source.open(deb)).data;
}
