import type { Decision } from '../../model/access.ts';
import type { ImageVersion } from '../../model/build.ts';
import type { Verdict } from '../../model/finding.ts';
import type { Inventory, InventoryVulnerability } from '../../model/inventory.ts';
import type { Layer, Lock } from '../../model/lock.ts';
import type { ArtifactStore } from '../../ports/artifact-store.ts';
import type { Ports } from '../../ports/ports.ts';
import { diffSets, type SetDifference } from '../../resolver/explain/diff.ts';
import { phraseReason } from '../../resolver/explain/graph.ts';
import { readKnown, readRecord } from '../gate/examination.ts';
import { readLock, readReport } from '../sources/stored-documents.ts';
import { type BuildSummary, summarize } from '../steps/summary.ts';

/** A package of an image, by what of it is there. */
export interface ShippedPackage {
  readonly name: string;
  readonly version: string;
  readonly layer: Layer;
  /** Regular files of it in the root tree, and their bytes. */
  readonly files: number;
  readonly bytes: number;
  readonly why: readonly string[];
}

/** Everything that is kept of one version, for a reader. It needs neither the spec nor the baked tree. */
export interface ImageReport {
  readonly version: ImageVersion;
  readonly summary: BuildSummary;
  /** Largest first. */
  readonly packages: readonly ShippedPackage[];
  /** Bytes of regular files that no package ships: the user's own, and what was made while configuring. */
  readonly ownBytes: number;
  readonly verdicts: readonly Verdict[];
  /** As known when it was judged last; undefined where no policy names advisories. */
  readonly vulnerabilities?: readonly InventoryVulnerability[];
  /** The last decision on each account and action, by account. */
  readonly decisions: readonly Decision[];
  /** What changed since the version before, where that is still known. */
  readonly since?: { readonly version: number; readonly difference: SetDifference };
}

type ReportPorts = Pick<Ports, 'catalog' | 'store'>;

/** Puts together what is known of a version. Throws NOT_FOUND where its build is gone. */
export async function reportImage(ports: ReportPorts, version: ImageVersion): Promise<ImageReport> {
  const { catalog, store } = ports;
  const lock = await readLock(store, version.lockDigest);
  const inventory = (await readRecord(ports, version))?.inventory;
  const decisions = await catalog.listDecisions({ image: version.image, version: version.version });
  return {
    version,
    summary: await summarize(ports, version.buildId),
    packages: shippedPackages(lock, inventory),
    ownBytes: inventory ? bytesOf(inventory, '') : 0,
    verdicts: await readVerdicts(store, version),
    vulnerabilities: await vulnerabilitiesOf(ports, version),
    decisions: lastOfEach(decisions),
    since: await sinceBefore(ports, version, lock),
  };
}

async function readVerdicts(store: ArtifactStore, { facts }: ImageVersion): Promise<readonly Verdict[]> {
  if (typeof facts.reportDigest !== 'string' || !(await store.has(facts.reportDigest))) return [];
  return (await readReport(store, facts.reportDigest)).verdicts;
}

function shippedPackages(lock: Lock, inventory: Inventory | undefined): ShippedPackage[] {
  const found = new Map<string, { files: number; bytes: number }>();
  for (const { package: owner, type, size } of inventory?.files ?? []) {
    if (type !== 'file') continue;
    const { files, bytes } = found.get(owner) ?? { files: 0, bytes: 0 };
    found.set(owner, { files: files + 1, bytes: bytes + size });
  }
  const packages = lock.packages.map(({ name, version, layer, why }) => ({
    name,
    version,
    layer,
    ...(found.get(name) ?? { files: 0, bytes: 0 }),
    why: why.map(phraseReason),
  }));
  return packages.sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
}

function bytesOf({ files }: Inventory, owner: string): number {
  return files.reduce((sum, it) => (it.package === owner && it.type === 'file' ? sum + it.size : sum), 0);
}

async function vulnerabilitiesOf(ports: ReportPorts, version: ImageVersion) {
  const known = await readKnown(ports, version);
  if (!known || Object.keys(known).length === 0) return undefined;
  const all = Object.values(known).flat();
  return [...new Map(all.map((it) => [`${it.id} ${it.package}`, it])).values()];
}

function lastOfEach(newestFirst: readonly Decision[]): Decision[] {
  const last = new Map<string, Decision>();
  for (const it of newestFirst) {
    const key = `${it.account} ${it.action} ${it.region}`;
    if (!last.has(key)) last.set(key, it);
  }
  return [...last].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, it]) => it);
}

async function sinceBefore({ catalog, store }: ReportPorts, { image, version }: ImageVersion, lock: Lock) {
  const before = (await catalog.listVersions(image)).find((it) => it.version < version);
  if (!before || !(await store.has(before.lockDigest))) return undefined;
  const old = await readLock(store, before.lockDigest);
  return { version: before.version, difference: diffSets(old.packages, lock.packages) };
}
