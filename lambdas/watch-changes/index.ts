import {
  awsAdvisories,
  awsCatalog,
  awsExecutions,
  awsFolders,
  awsNotifier,
  awsRegistry,
  awsSource,
  awsSpecs,
  awsStore,
  awsTestBed,
} from '../../src/adapters/aws/aws-ports.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { logged, noticeLost, only } from '../shared/compose-aws.ts';
import { fleetMetrics } from '../shared/fleet-metrics.ts';
import { observed } from '../shared/observed.ts';
import { makeHandler } from './handler.ts';

const store = awsStore();
const ports = only({
  advisories: awsAdvisories(),
  catalog: awsCatalog(),
  executions: awsExecutions(),
  specs: awsSpecs(),
  source: awsSource(),
  store,
  registry: awsRegistry(store),
  testBed: awsTestBed(),
  notifier: awsNotifier(noticeLost),
  folders: awsFolders(),
  clock: systemClock,
  progress: logged,
});

export const handler = observed(makeHandler(ports).use(fleetMetrics(ports)));
