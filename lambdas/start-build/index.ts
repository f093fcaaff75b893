import { awsAmiOf, awsCatalog, awsExecutions, awsSpecs } from '../../src/adapters/aws/aws-ports.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { observed } from '../shared/observed.ts';
import { makeHandler } from './handler.ts';

const ports = { catalog: awsCatalog(), executions: awsExecutions(), specs: awsSpecs(), clock: systemClock };

export const handler = observed(makeHandler({ ...ports, amiOf: awsAmiOf }));
