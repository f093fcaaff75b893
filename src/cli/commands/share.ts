import { parseReference } from '../../app/gate/image-reference.ts';
import { shareWith } from '../../app/sharing/grants.ts';
import { type Answer, type CommandModule, refused } from '../command.ts';

/** `kiln share IMAGE --account ID`: the grant, if the account is approved. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command.argument('<image>', 'NAME, NAME@VERSION or NAME@ALIAS').requiredOption('--account <id>', 'twelve digits');
  },

  async run({ args: [image], options, kiln: open }): Promise<Answer> {
    const account = String(options.account);
    const outcome = await shareWith((await open()).ports, parseReference(image!), account);
    if (outcome.kind === 'refused') return refused(outcome, outcome.reason, outcome.hint);
    const { version, reason } = outcome;
    return { data: outcome, lines: [`${account} may launch ${version.image}@${version.version}: ${reason}`] };
  },
};
