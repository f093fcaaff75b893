import {
  awsCatalog,
  awsExecutions,
  awsFolders,
  awsSource,
  awsSpecs,
  awsStore,
} from '../../src/adapters/aws/aws-ports.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { logged, only } from '../shared/compose-aws.ts';
import { fleetMetrics } from '../shared/fleet-metrics.ts';
import { observed } from '../shared/observed.ts';
import { makeHandler } from './handler.ts';

const ports = only({
  catalog: awsCatalog(),
  executions: awsExecutions(),
  specs: awsSpecs(),
  source: awsSource(),
  store: awsStore(),
  folders: awsFolders(),
  clock: systemClock,
  progress: logged,
});

export const handler = observed(makeHandler(ports).use(fleetMetrics(ports)));
