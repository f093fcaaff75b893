import { placedFiles } from '../baker/application-files.ts';
import { memoryTree } from '../formats/memory-tree.ts';
import { openTarTree } from '../formats/tar-tree.ts';
import { unionTree } from '../formats/union-tree.ts';
import type { FileTree } from '../model/file-tree.ts';
import type { ValidationReport } from '../model/finding.ts';
import type { Lock, LockedDeb } from '../model/lock.ts';
import type { ImageSpec } from '../model/spec.ts';
import type { Ports } from '../ports/ports.ts';
import { gatherEvidence } from '../resolver/evidence/gather.ts';
import { proposeChanges } from '../validator/fixes.ts';
import { readInventory } from '../validator/inventory.ts';
import { ownedTree } from '../validator/owned-tree.ts';
import type { Pack } from '../validator/pack.ts';
import { validate } from '../validator/validate.ts';
import { startsOf } from './find-evidence.ts';

export interface Subject {
  readonly spec: ImageSpec;
  /** Of the spec: the user's own files are relative to it. */
  readonly directory: string;
  readonly lock: Lock;
  /** Of the tar of the baked root tree. */
  readonly treeDigest: string;
}

/** Judges one baked tree by packs, as often as asked; what was read of the tree is read once. */
export type Examination = (packs: readonly Pack[]) => ValidationReport;

type ExaminationPorts = Pick<Ports, 'store' | 'source' | 'progress'>;

/** Opens the tree that was baked, with what it is compared with: the locked packages' own files. */
export async function openExamination(
  ports: ExaminationPorts,
  { spec, directory, lock, treeDigest }: Subject,
): Promise<Examination> {
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
  const request = { tree, lock, spec, ownFiles, contents, reachability, providerOf };
  const inventory = readInventory(request);
  return (packs) => validate({ ...request, packs, inventory });
}

/** Where a path, a soname or a command may lie. */
function placesOf(want: string): string[] {
  if (want.startsWith('/')) return [want];
  if (/\.so\b/.test(want)) return [`/usr/lib/x86_64-linux-gnu/${want}`, `/usr/lib/${want}`];
  return ['/usr/bin', '/usr/sbin'].map((folder) => `${folder}/${want}`);
}

async function filesOf({ source }: ExaminationPorts, deb: LockedDeb): Promise<FileTree> {
  return (await source.open(deb)).data;
}

/** Values of one list that a hint names. */
const HINTED = 5;

/** The first enforced finding that nobody waived, for the one line that people see first; undefined where all packs hold. */
export function firstObstacle({ verdicts }: ValidationReport): string | undefined {
  const enforced = verdicts
    .filter((it) => it.mode === 'enforce')
    .flatMap((it) => it.findings.filter((finding) => !finding.waived));
  const [first] = enforced;
  if (!first) return undefined;
  const more = enforced.length > 1 ? ` and ${enforced.length - 1} more` : '';
  const place = first.file && !first.message.includes(first.file) ? ` (${first.file})` : '';
  return `${first.rule}: ${first.message}${place}${more}`;
}

/** What of the spec would mend the enforced findings, one line for each of its lists. */
export function mendingHints(report: ValidationReport): string[] {
  const verdicts = report.verdicts.filter((it) => it.mode === 'enforce');
  return proposeChanges({ ...report, verdicts }).map(({ field, add }) => {
    const values = add.map((it) => (typeof it === 'string' ? it : JSON.stringify(it)));
    return `hint: ${field} in the spec would mend it: ${values.slice(0, HINTED).join(', ')}${values.length > HINTED ? ', …' : ''}`;
  });
}
