import { type AccessAction, accessAction, type Decision } from '../../model/access.ts';
import { KilnError } from '../../model/error.ts';
import type { Ports } from '../../ports/ports.ts';
import { type ImageReference, requireVersion } from './image-reference.ts';
import { type AccountJudgement, type JudgePorts, judgeVersion } from './judge.ts';

/** What `can` answers. */
export interface CanAnswer {
  readonly allowed: boolean;
  readonly account: string;
  readonly action: AccessAction;
  readonly image: string;
  readonly version: number;
  /** Why, in words; of the first region where the answer is this. */
  readonly reason: string;
  readonly hint?: string;
  /** One for each region. */
  readonly decisions: readonly Decision[];
  /** The account has the grant already. */
  readonly granted: boolean;
  readonly warnings: readonly string[];
}

/** Reads an action's name. Throws USAGE. */
export function parseAction(text: string): AccessAction {
  const parsed = accessAction.safeParse(text);
  if (parsed.success) return parsed.data;
  const hint = `write one of ${accessAction.options.join(', ')}`;
  throw new KilnError('USAGE', `${text} is nothing that an access policy decides`, { hint });
}

/** Whether an account may do something with a version, as everything stands now; the question and its answer are recorded. */
export async function canAccess(
  ports: JudgePorts & Pick<Ports, 'catalog'>,
  account: string,
  action: AccessAction,
  reference: ImageReference,
  key: string,
): Promise<CanAnswer> {
  const version = await requireVersion(ports.catalog, reference);
  const { accounts, warnings } = await judgeVersion(ports, version, { askedBy: 'can', key }, [account]);
  const judged = accounts[0] as AccountJudgement;
  const decisions = judged.decisions.filter((it) => it.action === action);
  const available = version.state === 'available';
  const allowed = available && decisions.some((it) => it.allowed);
  const told = decisions.find((it) => it.allowed === allowed);
  const grants = await ports.catalog.listGrants({
    image: version.image,
    version: version.version,
    account,
    inForce: true,
  });
  return {
    allowed,
    account,
    action,
    image: version.image,
    version: version.version,
    reason: available ? (told?.reason ?? '') : `${version.image}@${version.version} is ${version.state}`,
    ...(allowed ? {} : { hint: judged.refused?.hint }),
    decisions,
    granted: grants.length > 0,
    warnings,
  };
}
