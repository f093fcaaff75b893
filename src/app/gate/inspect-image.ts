import type { ImageVersion } from '../../model/build.ts';
import type { Inventory } from '../../model/inventory.ts';
import type { Ports } from '../../ports/ports.ts';
import { loadPacks } from '../sources/packs.ts';
import { type ExaminationPorts, openVersion } from './examination.ts';

/** The facts of a baked version that policies judge, with the vulnerabilities that its policies' advisories tell today. */
export async function inspectImage(
  ports: ExaminationPorts & Pick<Ports, 'specs'>,
  version: ImageVersion,
): Promise<Inventory> {
  const loaded = await ports.specs.load(version.image);
  const { packs } = await loadPacks(ports, loaded);
  return (await openVersion(ports, loaded, version)).inventoryFor(packs);
}
