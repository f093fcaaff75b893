import type { StepRecord } from '../../model/build.ts';
import type { Answer } from '../command.ts';
import { table } from '../style.ts';
import { type RemoteCommand, requireBuild } from './remote-command.ts';

/** `kiln remote logs BUILD`: its steps, and what the functions and the baker wrote about it. */
export const logs: RemoteCommand = {
  summary: 'BUILD: what its steps did and wrote',
  declare(command) {
    command.argument('<build>', 'its id');
  },

  async run(invocation, deployment): Promise<Answer> {
    const found = await requireBuild(invocation, invocation.args[0]);
    const written = await deployment.logs(found);
    const steps = found.steps.map((it) => [
      it.startedAt.slice(11, 19),
      it.step,
      it.outcome,
      it.detail?.split('\n')[0] ?? '',
    ]);
    const [first = '', ...more] = (found.detail ?? '').split('\n');
    const lines = [
      `${found.id}: ${found.state}${first ? `: ${first}` : ''}`,
      ...more,
      ...found.steps.flatMap(hintOf).map((it) => `  hint: ${it}`),
      ...table(['began', 'step', 'outcome', ''], steps, invocation.style),
      ...written.map((it) => `${it.at.slice(11, 23)} ${it.from}: ${it.text}`),
    ];
    return { data: { build: found, logs: written }, lines };
  },
};

/** What to do about a fault, as its step recorded it. */
function hintOf({ outcome, result }: StepRecord): string[] {
  const { error } = (result ?? {}) as { error?: { hint?: string } };
  return outcome === 'failed' && error?.hint !== undefined ? [error.hint] : [];
}
