import { awsNotifier } from '../../src/adapters/aws/aws-ports.ts';
import { awsTemplateFollower } from '../../src/adapters/aws/template-follower.ts';
import { logged, noticeLost } from '../shared/compose-aws.ts';
import { observed } from '../shared/observed.ts';
import { makeHandler } from './handler.ts';

export const handler = observed(makeHandler(awsTemplateFollower((text) => logged.note(text), awsNotifier(noticeLost))));
