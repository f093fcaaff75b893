import { awsCatalog, awsNotifier, awsRegistry, awsStore, awsTestBed } from '../../src/adapters/aws/aws-ports.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { noticeLost, only } from '../shared/compose-aws.ts';
import { observed } from '../shared/observed.ts';
import { makeHandler } from './handler.ts';

const store = awsStore();

export const handler = observed(
  makeHandler(
    only({
      catalog: awsCatalog(),
      store,
      registry: awsRegistry(store),
      testBed: awsTestBed(),
      clock: systemClock,
      notifier: awsNotifier(noticeLost),
    }),
  ),
);
