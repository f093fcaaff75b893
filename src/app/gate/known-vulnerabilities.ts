import type { AdvisoryPlace } from '../../model/advisory.ts';
import type { ImageVersion } from '../../model/build.ts';
import { digestOf } from '../../model/canonical.ts';
import { KilnError } from '../../model/error.ts';
import type { InventoryVulnerability } from '../../model/inventory.ts';
import type { Lock } from '../../model/lock.ts';
import type { Ports } from '../../ports/ports.ts';
import { type Shipped, vulnerabilitiesOf } from '../../validator/vulnerabilities.ts';
import { loadAdvisories } from '../sources/advisories.ts';
import { readLock } from '../sources/stored-documents.ts';

/** What was told last of one image, by the digest of the places that told it. */
export type KnownVulnerabilities = Readonly<Record<string, readonly InventoryVulnerability[]>>;

export interface VulnerabilityReader {
  /** Vulnerabilities of an image by the advisories at some places. */
  of(shipped: Shipped, places: readonly AdvisoryPlace[]): Promise<InventoryVulnerability[]>;
  /** All that was told. */
  told(): KnownVulnerabilities;
  readonly warnings: readonly string[];
}

/**
 * Looks an image's packages up in advisories. Where these cannot be had or are wrong, what they said last of the image stays in force, and
 * `warnings` says so; where they never said anything, it throws what `loadAdvisories` throws.
 */
export function readVulnerabilities(
  ports: Pick<Ports, 'advisories'>,
  before: KnownVulnerabilities = {},
): VulnerabilityReader {
  const told = new Map<string, readonly InventoryVulnerability[]>();
  const warnings: string[] = [];
  const warn = (text: string) => void (warnings.includes(text) || warnings.push(text));
  return {
    warnings,
    told: () => Object.fromEntries([...told].sort(([a], [b]) => (a < b ? -1 : 1))),
    async of(shipped, places) {
      if (places.length === 0) return [];
      const key = digestOf(places).slice(0, 16);
      const found = told.get(key) ?? (await look(ports, { shipped, places, before: before[key] }, warn));
      told.set(key, found);
      return [...found];
    },
  };
}

interface Question {
  readonly shipped: Shipped;
  readonly places: readonly AdvisoryPlace[];
  readonly before: readonly InventoryVulnerability[] | undefined;
}

async function look(
  ports: Pick<Ports, 'advisories'>,
  { shipped, places, before }: Question,
  warn: (text: string) => void,
): Promise<readonly InventoryVulnerability[]> {
  try {
    const { index, warnings } = await loadAdvisories(ports, places);
    warnings.forEach(warn);
    return vulnerabilitiesOf(shipped, index);
  } catch (error) {
    if (!(error instanceof KilnError) || !before) throw error;
    warn(`what the advisories said last stays in force: ${error.message}`);
    return before;
  }
}

/** A lock's packages as a version's facts keep them: name, source package, its version. */
export function sourcesOf({ packages }: Lock): string[] {
  return packages.map(({ name, source }) => `${name} ${source.name} ${source.version}`);
}

/** What a version ships, from its facts; from its lock where an older Kiln registered it. */
export async function shippedBy(
  { store }: Pick<Ports, 'store'>,
  version: ImageVersion,
  release: string,
): Promise<Shipped> {
  const { facts, lockDigest } = version;
  const sources = Array.isArray(facts.sources)
    ? facts.sources.map(String)
    : sourcesOf(await readLock(store, lockDigest));
  const packages = sources.map((it) => {
    const [name = '', sourceName = '', sourceVersion = ''] = it.split(' ');
    return { name, sourceName, sourceVersion };
  });
  return { release, packages };
}
