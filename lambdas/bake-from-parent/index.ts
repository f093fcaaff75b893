import {
  awsCatalog,
  awsFolders,
  awsParentBaker,
  awsSource,
  awsSpecs,
  awsStore,
} from '../../src/adapters/aws/aws-ports.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { logged, only } from '../shared/compose-aws.ts';
import { observed } from '../shared/observed.ts';
import { makeHandler } from './handler.ts';

const store = awsStore();

export const handler = observed(
  makeHandler(
    only({
      catalog: awsCatalog(),
      specs: awsSpecs(),
      source: awsSource(),
      store,
      folders: awsFolders(),
      parentBaker: awsParentBaker(store),
      clock: systemClock,
      progress: logged,
    }),
  ),
);
