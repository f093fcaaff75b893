import { userInfo } from 'node:os';
import type { RemoteDeployment } from '../../adapters/aws/remote-deployment.ts';
import { answerApproval } from '../../app/steps/approve-image.ts';
import { KilnError } from '../../model/error.ts';
import type { Answer, Invocation } from '../command.ts';
import { type RemoteCommand, requireBuild } from './remote-command.ts';

/** `kiln remote approve BUILD [WHY]`: lets a build that waits for approval be shared. */
export const approve: RemoteCommand = {
  summary: 'BUILD [WHY]: let one that waits for approval be shared',
  declare(command) {
    command.argument('<build>', 'its id').argument('[why...]', 'kept in the record');
  },
  run: (invocation, deployment) => answer(invocation, deployment, true),
};

/** `kiln remote refuse BUILD WHY`: quarantines it. */
export const refuse: RemoteCommand = {
  summary: 'BUILD WHY: do not let it, and quarantine it',
  declare(command) {
    command.argument('<build>', 'its id').argument('[why...]', 'kept in the record');
  },
  async run(invocation, deployment) {
    if (reasonOf(invocation) === '') {
      throw new KilnError('USAGE', 'no reason is given', { hint: 'kiln remote refuse BUILD WHY' });
    }
    return answer(invocation, deployment, false);
  },
};

const reasonOf = ({ args }: Invocation): string => args.slice(1).flat().join(' ');

async function answer(invocation: Invocation, deployment: RemoteDeployment, approved: boolean): Promise<Answer> {
  const found = await requireBuild(invocation, invocation.args[0]);
  const why = reasonOf(invocation);
  const { ports } = await invocation.kiln();
  const given = { buildId: found.id, approved, by: userInfo().username, ...(why ? { reason: why } : {}) };
  await answerApproval(ports, given, (token, output) => deployment.answerApproval(token, output));
  const said = approved ? 'approved: it is shared now' : 'refused: it is quarantined';
  return { data: { build: found.id, approved }, lines: [`build ${found.id} is ${said}`] };
}
