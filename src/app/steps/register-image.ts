import type { Build } from '../../model/build.ts';
import { timestamp } from '../../ports/clock.ts';
import type { Ports } from '../../ports/ports.ts';
import { sourcesOf } from '../gate/known-vulnerabilities.ts';
import { resolvedFrom } from '../impact/published-versions.ts';
import type { Baked } from './bake-image.ts';
import { lockOf } from './bake-image.ts';
import type { ResolveAnswer } from './resolve-image.ts';
import { recorded, requireBuild, resultIn, type StepAnswer, type StepRequest } from './step.ts';
import type { ValidateAnswer } from './validate-image.ts';

export interface RegisterAnswer extends StepAnswer {
  readonly imageId: string;
  readonly version: number;
  /** The registry has one place only: all regions are names for it. */
  readonly onePlace?: boolean;
  /** Name of the region that it is registered in. */
  readonly home?: string;
}

/** Makes the machine image of the baked disk: known to the registry, launchable by nobody but its owner. */
export async function registerImage(
  ports: Pick<Ports, 'catalog' | 'clock' | 'registry' | 'specs' | 'store'>,
  request: StepRequest,
): Promise<RegisterAnswer> {
  const { catalog, registry } = ports;
  return recorded(ports, request.buildId, 'register', async () => {
    const { spec } = await ports.specs.load(request.image);
    const build = await requireBuild(catalog, request.buildId);
    const baked = resultIn<Baked>(build, 'bake');
    const version = await catalog.allocateVersion(request.image, request.buildId);
    const { imageId } = await registry.register({
      image: request.image,
      version,
      diskDigest: baked.diskDigest,
      description: spec.description ?? `${request.image} ${version}`,
      tags: { ...spec.labels, 'kiln:build': request.buildId },
      key: request.buildId,
      ...(baked.made === undefined ? {} : { made: baked.made }),
    });
    await recordVersion(ports, build, { version, imageId, baked, resolvedFrom: resolvedFrom(spec) });
    const places = { onePlace: registry.copy === undefined, home: await registry.home?.() };
    return { outcome: 'succeeded', imageId, version, ...places, detail: `${request.image}@${version} is ${imageId}` };
  });
}

async function recordVersion(
  ports: Pick<Ports, 'catalog' | 'clock' | 'registry' | 'store'>,
  build: Build,
  made: { version: number; imageId: string; baked: Baked; resolvedFrom: ReturnType<typeof resolvedFrom> },
): Promise<void> {
  const { catalog } = ports;
  const { version, imageId, baked } = made;
  const lock = await lockOf(ports, build);
  const { lockDigest = '', fingerprint, inputs } = resultIn<ResolveAnswer>(build, 'resolve');
  const { reportDigest, inventoryDigest, packsDigest } = resultIn<ValidateAnswer>(build, 'validate');
  const known = await catalog.getVersion(build.image, version);
  // Made again after an interruption: what the version came to be since then stays.
  if (known?.state === 'available') return;
  await catalog.putVersion({
    image: build.image,
    version,
    state: 'registered',
    imageId,
    buildId: build.id,
    lockDigest,
    diskDigest: baked.diskDigest,
    treeDigest: baked.treeDigest,
    createdAt: known?.createdAt ?? timestamp(ports.clock),
    facts: {
      ...baked.facts,
      fingerprint,
      resolvedFrom: made.resolvedFrom,
      builtFrom: inputs,
      reportDigest,
      inventoryDigest,
      packsDigest,
      encrypted: ports.registry.encrypts === true,
      packages: lock.packages.length,
      sources: sourcesOf(lock),
      cause: build.cause,
    },
  });
  await catalog.updateBuild(build.id, { version });
}
