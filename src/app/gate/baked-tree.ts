import { placedFiles } from '../../baker/application-files.ts';
import { kernelCommandLine } from '../../baker/boot/command-line.ts';
import { diskIdentifiers } from '../../baker/disk/identifiers.ts';
import { memoryTree } from '../../formats/memory-tree.ts';
import { openTarTree } from '../../formats/tar-tree.ts';
import { unionTree } from '../../formats/union-tree.ts';
import type { FileTree } from '../../model/file-tree.ts';
import type { Lock, LockedDeb } from '../../model/lock.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { Ports } from '../../ports/ports.ts';
import { gatherEvidence } from '../../resolver/evidence/gather.ts';
import { ownedTree } from '../../validator/owned-tree.ts';
import type { ValidationRequest } from '../../validator/validate.ts';
import { startsOf } from '../lock/find-evidence.ts';

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
  const contents = new Map(
    await Promise.all(lock.packages.map(async (it) => [it.name, await filesOf(ports, it)] as const)),
  );
  const tree = ownedTree(baked, lock, contents);
  const base = unionTree(await Promise.all(lock.build.base.map((it) => filesOf(ports, it))));
  const reachability = gatherEvidence({ tree, candidates: memoryTree({}), starts: startsOf(spec) });
  const providerOf = (want: string) =>
    placesOf(want)
      .map((path) => base.lookup(path)?.package)
      .find((it) => it !== undefined);
  const ownFiles = new Set(placedFiles(spec, directory).map((it) => it.path));
  const commandLine = kernelCommandLine(spec.boot, diskIdentifiers(treeDigest).rootFilesystem).split(' ');
  return { tree, lock, spec, ownFiles, contents, commandLine, reachability, providerOf };
}

/** Where a path, a soname or a command may lie. */
function placesOf(want: string): string[] {
  if (want.startsWith('/')) return [want];
  if (/\.so\b/.test(want)) return [`/usr/lib/x86_64-linux-gnu/${want}`, `/usr/lib/${want}`];
  return ['/usr/bin', '/usr/sbin'].map((folder) => `${folder}/${want}`);
}

async function filesOf({ source }: TreePorts, deb: LockedDeb): Promise<FileTree> {
  return (await source.open(deb)).data;
}
