import { parseReference } from '../../app/gate/image-reference.ts';
import { revokeFrom } from '../../app/sharing/grants.ts';
import type { Answer, CommandModule } from '../command.ts';

/** `kiln revoke IMAGE --account ID`: takes the grants back, and says what that does not reach. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command
      .argument('<image>', 'NAME for all its versions, NAME@VERSION or NAME@ALIAS')
      .requiredOption('--account <id>', 'twelve digits')
      .option('--reason <text>', 'kept in the record', 'revoked by hand');
  },

  async run({ args: [image], options, kiln: open }): Promise<Answer> {
    const account = String(options.account);
    const { ports } = await open();
    const outcome = await revokeFrom(ports, parseReference(image!), account, String(options.reason));
    const lines =
      outcome.revoked.length > 0
        ? outcome.revoked.map((it) => `${account} may no longer launch ${it.image}@${it.version}`)
        : [`${account} has no grant for ${image}`];
    for (const { id, launchedAt } of outcome.unreached) {
      lines.push(`not reached: instance ${id}, running since ${launchedAt}; kiln stop ${id} ends it`);
    }
    return { data: outcome, lines };
  },
};
