import { type AdvisoryIndex, matcher } from '../formats/advisories/match.ts';
import type { InventoryPackage, InventoryVulnerability } from '../model/inventory.ts';

/** As much of an image as advisories speak of. */
export interface Shipped {
  readonly release: string;
  readonly packages: readonly Pick<InventoryPackage, 'name' | 'sourceName' | 'sourceVersion'>[];
}

/** Known vulnerabilities of an image's packages, by source package and version in Debian's order; sorted by package, then identifier. */
export function vulnerabilitiesOf({ packages, release }: Shipped, index: AdvisoryIndex): InventoryVulnerability[] {
  const match = matcher(index, release);
  return packages.flatMap(({ name, sourceName, sourceVersion }) =>
    match(sourceName, sourceVersion).map(({ advisory, fixedIn = '' }) => ({
      id: advisory.id,
      package: name,
      source: sourceName,
      version: sourceVersion,
      fixedIn,
      severity: advisory.grade,
    })),
  );
}
