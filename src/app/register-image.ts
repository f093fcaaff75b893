import { timestamp } from '../ports/clock.ts';
import type { Ports } from '../ports/ports.ts';
import type { Baked } from './bake-image.ts';
import { readLock } from './bake-image.ts';
import { recorded, requireBuild, resultOf, type StepAnswer, type StepRequest } from './step.ts';

export interface RegisterAnswer extends StepAnswer {
  readonly imageId: string;
  readonly version: number;
}

/** Makes the machine image of the baked disk: known to the registry, launchable by nobody but its owner. */
export async function registerImage(
  ports: Pick<Ports, 'catalog' | 'clock' | 'registry' | 'specs' | 'store'>,
  request: StepRequest,
): Promise<RegisterAnswer> {
  const { catalog, registry } = ports;
  return recorded(ports, request.buildId, 'register', async () => {
    const { spec } = await ports.specs.load(request.image);
    const baked = await resultOf<Baked>(catalog, request.buildId, 'bake');
    const version = await catalog.allocateVersion(request.image, request.buildId);
    const { imageId } = await registry.register({
      image: request.image,
      version,
      diskDigest: baked.diskDigest,
      description: spec.description ?? `${request.image} ${version}`,
      tags: { ...spec.labels, 'kiln:build': request.buildId },
      key: request.buildId,
    });
    await recordVersion(ports, request, { version, imageId, baked });
    return { outcome: 'succeeded', imageId, version, detail: `${request.image}@${version} is ${imageId}` };
  });
}

async function recordVersion(
  ports: Pick<Ports, 'catalog' | 'clock' | 'store'>,
  request: StepRequest,
  { version, imageId, baked }: { version: number; imageId: string; baked: Baked },
): Promise<void> {
  const { catalog } = ports;
  const lock = await readLock(ports, request);
  const { lockDigest, fingerprint } = await resultOf<{ lockDigest: string; fingerprint: string }>(
    catalog,
    request.buildId,
    'resolve',
  );
  const { reportDigest } = await resultOf<{ reportDigest: string }>(catalog, request.buildId, 'validate');
  const known = await catalog.getVersion(request.image, version);
  // Made again after an interruption: what the version came to be since then stays.
  if (known?.state === 'available') return;
  await catalog.putVersion({
    image: request.image,
    version,
    state: 'registered',
    imageId,
    buildId: request.buildId,
    lockDigest,
    diskDigest: baked.diskDigest,
    treeDigest: baked.treeDigest,
    createdAt: known?.createdAt ?? timestamp(ports.clock),
    facts: {
      ...baked.facts,
      fingerprint,
      reportDigest,
      packages: lock.packages.length,
      cause: (await requireBuild(catalog, request.buildId)).cause,
    },
  });
  await catalog.updateBuild(request.buildId, { version });
}
