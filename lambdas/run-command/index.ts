import { awsTesterRoots, leaveAnswer, setting } from '../../src/adapters/aws/aws-ports.ts';
import type { TesterRun } from '../../src/adapters/aws/command-tester.ts';
import { KilnError } from '../../src/model/error.ts';
import { runInRoot } from './run-in-root.ts';

/** A test's command as CodeBuild runs it in the network of test instances; the answer is left in the bucket. */
const { root, instance, test, answer }: TesterRun = JSON.parse(setting('KILN_TESTER_RUN'));

try {
  const value = await runInRoot(await awsTesterRoots().path(root), instance, test);
  console.log(JSON.stringify(value));
  await leaveAnswer(answer, { kind: 'done', value });
} catch (error) {
  if (!(error instanceof KilnError)) throw error;
  const { code, message, hint } = error;
  console.error(`${code}: ${message}`);
  await leaveAnswer(answer, { kind: 'fault', buildId: setting('CODEBUILD_BUILD_ID'), code, message, hint });
}
