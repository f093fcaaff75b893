import { awsCatalog, awsExecutions } from '../../src/adapters/aws/aws-ports.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { only } from '../shared/compose-aws.ts';
import { observed } from '../shared/observed.ts';
import { makeHandler } from './handler.ts';

export const handler = observed(
  makeHandler(only({ catalog: awsCatalog(), executions: awsExecutions(), clock: systemClock })),
);
