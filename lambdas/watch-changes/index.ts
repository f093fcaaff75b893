import { actingPorts } from '../../src/adapters/aws/compose.ts';
import { logged, noticeLost, only, universesKept } from '../shared/compose-aws.ts';
import { fleetMetrics } from '../shared/fleet-metrics.ts';
import { observed } from '../shared/observed.ts';
import { makeHandler } from './handler.ts';
import { endOrphans } from './orphans.ts';

const ports = only(actingPorts(logged, noticeLost));

export const handler = observed(makeHandler(ports).use(endOrphans(ports)).use(fleetMetrics()).use(universesKept));
