import type { DistributionPlan } from '../../distributor/plan.ts';
import type { Problem } from '../../distributor/preflight.ts';
import type { Ports } from '../../ports/ports.ts';
import { type ImageReference, requireVersion } from '../gate/image-reference.ts';
import { type JudgePorts, judgeVersion } from '../gate/judge.ts';
import { planFor, registryState } from './distribution.ts';

/** What sharing a version would do now. */
export interface PlannedDistribution {
  readonly image: string;
  readonly version: number;
  readonly plan: DistributionPlan;
  readonly problems: readonly Problem[];
  readonly approved: number;
  readonly refused: readonly { readonly account: string; readonly reason: string }[];
  readonly warnings: readonly string[];
}

/** Plans the distribution of a version to everybody who may have it as everything stands now, and does none of it. */
export async function distributionPlan(
  ports: JudgePorts & Pick<Ports, 'registry'>,
  reference: ImageReference,
  key: string,
): Promise<PlannedDistribution> {
  const version = await requireVersion(ports.catalog, reference);
  const judgement = await judgeVersion(ports, version, { askedBy: 'plan', key });
  const { plan, problems, approved } = planFor(judgement, await registryState(ports, version));
  const refused = judgement.accounts.flatMap(({ account, refused: it }) =>
    it ? [{ account, reason: it.reason }] : [],
  );
  const { image, version: number } = version;
  return { image, version: number, plan, problems, approved: approved.length, refused, warnings: judgement.warnings };
}
