import { awsCatalog, leaveAnswer, setting } from '../../src/adapters/aws/aws-ports.ts';
import { observed } from '../shared/observed.ts';
import { makeHandler } from './handler.ts';

export const handler = observed(
  makeHandler({ catalog: awsCatalog(), bucket: setting('KILN_BUCKET'), put: leaveAnswer }),
);
