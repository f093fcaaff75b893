import { readingPorts } from '../../src/adapters/aws/compose.ts';
import { logged, only, universesKept } from '../shared/compose-aws.ts';
import { observed } from '../shared/observed.ts';
import { makeHandler } from './handler.ts';

export const handler = observed(makeHandler(only(readingPorts(logged))).use(universesKept as never));
