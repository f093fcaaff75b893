import { randomUUID } from 'node:crypto';
import { parseReference } from '../../app/gate/image-reference.ts';
import { distributionPlan } from '../../app/sharing/distribution-plan.ts';
import type { DistributionCall } from '../../distributor/plan.ts';
import type { Answer, CommandModule } from '../command.ts';

/** `kiln plan-distribution IMAGE`: the calls that would bring everybody who may have it to it, and what of them would fail. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command.argument('<image>', 'NAME, NAME@VERSION or NAME@ALIAS');
  },

  async run({ args: [image], kiln: open }): Promise<Answer> {
    const planned = await distributionPlan((await open()).ports, parseReference(image!), randomUUID());
    const { plan, problems, approved, refused, warnings } = planned;
    const lines = [
      `${planned.image}@${planned.version}: ${plan.calls.length} calls; ${approved} approved, ${refused.length} not`,
      ...plan.calls.map(lineOf),
      ...problems.map(
        (it) => `  would fail in ${it.region}, for ${it.accounts.length} accounts: ${it.reason}; ${it.mend}`,
      ),
      ...refused.map((it) => `  not to ${it.account}: ${it.reason}`),
      ...warnings.map((it) => `  warning: ${it}`),
    ];
    return { data: planned, lines, status: problems.length > 0 ? 1 : 0 };
  },
};

const NAMED = 5;

function lineOf({ kind, region, key, principals, copy }: DistributionCall): string {
  const place = `${region}${key === undefined ? '' : ` under ${key}`}`;
  if (kind === 'copy') return `  copy to ${place}`;
  const named = `${principals.slice(0, NAMED).join(', ')}${principals.length > NAMED ? `, … (${principals.length})` : ''}`;
  return kind === 'share'
    ? `  share in ${place} with ${named}${copy ? ', who may copy it' : ''}`
    : `  take back in ${place} from ${named}`;
}
