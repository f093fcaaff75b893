import {
  awsAdvisories,
  awsCatalog,
  awsFolders,
  awsSource,
  awsSpecs,
  awsStore,
} from '../../src/adapters/aws/aws-ports.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { logged, only } from '../shared/compose-aws.ts';
import { observed } from '../shared/observed.ts';
import { makeHandler } from './handler.ts';

export const handler = observed(
  makeHandler(
    only({
      advisories: awsAdvisories(),
      catalog: awsCatalog(),
      specs: awsSpecs(),
      source: awsSource(),
      store: awsStore(),
      folders: awsFolders(),
      clock: systemClock,
      progress: logged,
    }),
  ),
);
