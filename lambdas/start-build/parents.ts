import { inParallel } from '../../src/adapters/aws/in-parallel.ts';
import type { Ports } from '../../src/ports/ports.ts';
import type { BuildRequested, VendorNotice } from './build-requests.ts';

export interface ParentPorts extends Pick<Ports, 'catalog' | 'specs'> {
  /** AMI that a spec's parent means now; undefined where that cannot be told. */
  amiOf(parent: string): Promise<string | undefined>;
}

const AT_ONCE = 8;

/** Builds of the images whose parent is among the AMIs of a vendor's notice; of their own accord nothing that Kiln locks has changed. */
export async function requestsOfNotice(
  { catalog, specs, amiOf }: ParentPorts,
  { topic, amis }: VendorNotice,
): Promise<BuildRequested[]> {
  const current = new Map<string, Promise<string | undefined>>();
  const found: BuildRequested[] = [];
  await inParallel(AT_ONCE, await catalog.listImages(), async ({ name }) => {
    const parent = await parentOf(specs, name);
    if (parent === undefined) return;
    const known = current.get(parent) ?? amiOf(parent);
    current.set(parent, known);
    const ami = await known;
    if (ami === undefined || !amis.has(ami)) return;
    found.push({ image: name, cause: { kind: 'component', detail: `${topic}: ${ami}` }, force: true });
  });
  return found.sort((a, b) => (a.image < b.image ? -1 : 1));
}

/** A spec that is wrong is told of when it is built, and keeps no other from being found. */
async function parentOf(specs: ParentPorts['specs'], image: string): Promise<string | undefined> {
  try {
    return (await specs.load(image)).spec.bake.parent;
  } catch {
    return undefined;
  }
}
