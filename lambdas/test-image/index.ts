import { awsCatalog, awsSpecs, awsStore, awsTestBed } from '../../src/adapters/aws/aws-ports.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { logged, only } from '../shared/compose-aws.ts';
import { observed } from '../shared/observed.ts';
import { makeHandler } from './handler.ts';

/** CodeBuild takes a minute: it is looked at again and not waited for. */
const COMMAND_MS = 3_000;
const specs = awsSpecs();

export const handler = observed(
  makeHandler(
    only({
      catalog: awsCatalog(),
      specs,
      store: awsStore(),
      testBed: awsTestBed(specs, COMMAND_MS),
      clock: systemClock,
      progress: logged,
    }),
  ),
);
