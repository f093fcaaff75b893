import { type PlanPorts, planUpdate } from '../impact/plan-update.ts';

/**
 * Whether the sources of today would change an image: one plan for all images, made when first asked for. True as well for an image that has
 * no published version, whose last build failed, or that could not be planned for: then a build finds out.
 */
export function touchedImages(ports: PlanPorts): (image: string) => Promise<boolean> {
  let asked: Promise<(image: string) => boolean> | undefined;
  let failed: Promise<ReadonlySet<string>> | undefined;
  return async (image) => {
    asked ??= plan(ports);
    if ((await asked)(image)) return true;
    failed ??= ports.catalog.imagesWithBuilds(['failed', 'refused']);
    return (await failed).has(image) && lastBuildFailed(ports, image);
  };
}

async function lastBuildFailed({ catalog }: PlanPorts, image: string): Promise<boolean> {
  const [last] = await catalog.listBuilds({ image, limit: 1 });
  return last?.state === 'failed' || last?.state === 'refused';
}

async function plan(ports: PlanPorts): Promise<(image: string) => boolean> {
  try {
    const { impacts, troubled } = await planUpdate(ports, { complete: false });
    const told = new Set([...impacts, ...troubled].map((it) => it.image));
    const published = new Set((await ports.catalog.listAliased('latest')).map((it) => it.image));
    return (image) => told.has(image) || !published.has(image);
  } catch (error) {
    ports.progress.note(`cannot tell which images the index changes, so all are built: ${(error as Error).message}`);
    return () => true;
  }
}
