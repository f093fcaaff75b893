import { awsCatalog, awsExecutions } from '../../src/adapters/aws/aws-ports.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { only } from '../shared/compose-aws.ts';
import { observed } from '../shared/observed.ts';
import { makeHandler } from './handler.ts';

/** By the names of images that somebody has to approve; `*`: all. */
function needsApproval(image: string): boolean {
  const approvals: readonly string[] = JSON.parse(process.env.KILN_APPROVALS ?? '[]');
  return approvals.includes('*') || approvals.includes(image);
}

const ports = only({ catalog: awsCatalog(), executions: awsExecutions(), clock: systemClock });

export const handler = observed(makeHandler(ports, needsApproval));
