import { compareVersions } from '../../formats/debian/version.ts';
import type { Cause } from '../../model/build.ts';
import type { InventoryVulnerability } from '../../model/inventory.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { Ports } from '../../ports/ports.ts';
import { openArchive } from '../lock/closure.ts';

/** Vulnerabilities that a cause names. */
const NAMED = 3;

/** Why an image should be built now: its sources have a package that mends one of some vulnerabilities. */
export async function mendedBySources(
  ports: Pick<Ports, 'source' | 'progress' | 'folders'>,
  spec: ImageSpec,
  vulnerabilities: readonly InventoryVulnerability[],
): Promise<Cause | undefined> {
  const fixable = vulnerabilities.filter((it) => it.fixedIn !== '');
  if (fixable.length === 0) return undefined;
  const { universe } = await openArchive(ports, spec.os);
  const mended = fixable.filter((it) => {
    const candidate = universe.candidate(it.package)?.source;
    return candidate?.name === it.source && compareVersions(candidate.version, it.fixedIn) >= 0;
  });
  if (mended.length === 0) return undefined;
  const named = mended.slice(0, NAMED).map((it) => `${it.id} in ${it.package}`);
  const more = mended.length > NAMED ? ` and ${mended.length - NAMED} more` : '';
  return { kind: 'advisory', detail: `the sources mend ${named.join(', ')}${more}` };
}
