import { awsCatalog, awsNotifier } from '../../src/adapters/aws/aws-ports.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { noticeLost } from '../shared/compose-aws.ts';
import { observed } from '../shared/observed.ts';
import { makeHandler } from './handler.ts';

export const handler = observed(
  makeHandler({ catalog: awsCatalog(), clock: systemClock, notifier: awsNotifier(noticeLost) }),
);
