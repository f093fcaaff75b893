import type { App } from 'aws-cdk-lib';
import type { Configuration } from './configuration.ts';
import { BuildStack } from './stacks/build-stack.ts';
import { DistributionStack } from './stacks/distribution-stack.ts';
import { ObservabilityStack } from './stacks/observability-stack.ts';
import { RegionStack } from './stacks/region-stack.ts';
import { StorageStack } from './stacks/storage-stack.ts';
import { TriggersStack } from './stacks/triggers-stack.ts';

/** Every stack of one deployment. They belong to whatever account and region the credentials are for. */
export function addStacks(app: App, configuration: Configuration) {
  const id = (part: string) => `${configuration.name}-${part}`;
  const common = { configuration, terminationProtection: false };
  const storage = new StorageStack(app, id('storage'), {
    ...common,
    terminationProtection: true,
    description: 'Kiln: catalog, artifacts, settings; kept when it is destroyed',
  });
  const distribution = new DistributionStack(app, id('distribution'), {
    ...common,
    storage,
    description: 'Kiln: bus, notices and the key of the images',
  });
  const regions: Record<string, RegionStack> = {};
  for (const region of configuration.encryptImages ? configuration.copyRegions : []) {
    const description = 'Kiln: the key of the images in this region; kept when it is destroyed';
    regions[`region-${region}`] = new RegionStack(app, id(`region-${region}`), {
      ...common,
      env: { region },
      description,
    });
  }
  const build = new BuildStack(app, id('build'), {
    ...common,
    storage,
    distribution,
    description: 'Kiln: the pipeline that bakes, proves and shares images',
  });
  const triggers = new TriggersStack(app, id('triggers'), {
    ...common,
    storage,
    distribution,
    build,
    description: 'Kiln: what starts builds',
  });
  const observability = new ObservabilityStack(app, id('observability'), {
    ...common,
    distribution,
    build,
    triggers,
    description: 'Kiln: alarms and a dashboard',
  });
  return { storage, distribution, build, triggers, observability, ...regions };
}
