import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { MiddlewareObj } from '@middy/core';
import type { FleetAge } from '../../src/app/watch/fleet-age.ts';
import { metrics } from './observed.ts';

/** Publishes how old the fleet is, as the look at it found out. */
export function fleetMetrics(): MiddlewareObj {
  return {
    after(run) {
      const response = run.response as { fleet?: FleetAge } | undefined;
      if (!response?.fleet) return;
      const { staleImages, indexAgeHours } = response.fleet;
      metrics.singleMetric().addMetric('StaleImages', MetricUnit.Count, staleImages);
      if (indexAgeHours !== undefined)
        metrics.singleMetric().addMetric('IndexAgeHours', MetricUnit.Count, indexAgeHours);
    },
  };
}
