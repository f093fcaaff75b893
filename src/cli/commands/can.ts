import { randomUUID } from 'node:crypto';
import { type CanAnswer, canAccess, parseAction } from '../../app/gate/can.ts';
import { parseReference } from '../../app/gate/image-reference.ts';
import type { Answer, CommandModule } from '../command.ts';

/** `kiln can ACCOUNT launch|share|copy IMAGE`: whether, and by which policies. */
export const { declare, run }: CommandModule = {
  declare(command) {
    command
      .argument('<account>', 'twelve digits, or the path of a unit, such as production/web')
      .argument('<action>', 'launch, share or copy')
      .argument('<image>', 'NAME, NAME@VERSION or NAME@ALIAS');
  },

  async run({ args: [account, action, image], kiln: open }): Promise<Answer> {
    const [wanted, reference] = [parseAction(action!), parseReference(image!)];
    const answer = await canAccess((await open()).ports, account!, wanted, reference, randomUUID());
    return { data: answer, lines: linesOf(answer), status: answer.allowed ? 0 : 1 };
  },
};

function linesOf({ allowed, account, action, image, version, reason, hint, granted, decisions, warnings }: CanAnswer) {
  const policies = new Map(decisions.flatMap((it) => it.policies).map((it) => [`${it.file}:${it.line}`, it]));
  const differ = new Set(decisions.map((it) => it.allowed)).size > 1;
  return [
    `${allowed ? 'yes' : 'no'}: ${account} may ${allowed ? '' : 'not '}${action} ${image}@${version}`,
    `  ${reason}`,
    ...(differ ? decisions.map((it) => `  ${it.region}: ${it.allowed ? 'yes' : 'no'}, ${it.reason}`) : []),
    // One policy is in the reason already.
    ...(policies.size > 1 ? [...policies].map(([place, it]) => `  ${it.effect} ${it.id} at ${place}`) : []),
    ...(allowed && !granted && action === 'launch'
      ? [`  it has no grant yet: kiln share ${image}@${version} --account ${account}`]
      : []),
    ...(hint ? [`  hint: ${hint}`] : []),
    ...warnings.map((it) => `  warning: ${it}`),
  ];
}
