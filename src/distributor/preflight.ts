import type { DistributionPlan } from './plan.ts';

/** Something that would fail, found before anything is done. */
export interface Problem {
  readonly region: string;
  /** Accounts that would not get the image. */
  readonly accounts: readonly string[];
  readonly reason: string;
  readonly mend: string;
}

export interface Means {
  readonly home: string;
  /** Regions that images can be copied to; undefined: any. */
  readonly regions?: readonly string[];
  /** The image's snapshot is encrypted, so its copies must be. */
  readonly encrypted: boolean;
  /** Key of each region; undefined: whoever makes the copies has them. */
  readonly keys?: Readonly<Record<string, string>>;
  /** Principals that each place has already. */
  readonly principals?: Readonly<Record<string, number>>;
}

/** Accounts, units and organisations that one image can be shared with in a region (EC2 quota). */
const PRINCIPALS_AN_IMAGE = 1_000;

/** What of a plan would fail, by region; those parts are left out and the rest is done. */
export function preflight(plan: DistributionPlan, means: Means): Problem[] {
  const regions = [...new Set(plan.calls.map((it) => it.region))];
  return regions.flatMap((region) => {
    const calls = plan.calls.filter((it) => it.region === region && it.kind !== 'revoke');
    const accounts = calls.flatMap((it) => it.accounts);
    const problem = problemOf(region, calls, means);
    return problem && calls.length > 0 ? [{ region, accounts, ...problem }] : [];
  });
}

function problemOf(
  region: string,
  calls: DistributionPlan['calls'],
  { home, regions, encrypted, keys, principals = {} }: Means,
): Pick<Problem, 'reason' | 'mend'> | undefined {
  const copied = region !== home;
  if (copied && regions && !regions.includes(region)) {
    const mend = `there is ${[home, ...regions].join(', ')}; see distribute.regions in the spec`;
    return { reason: `images are not copied to ${region}`, mend };
  }
  const keyed = keys === undefined || keys[region] !== undefined || calls.every((it) => it.key !== undefined);
  if (copied && encrypted && !keyed) {
    const mend = 'name a key of that region: a snapshot under the default key cannot be shared';
    return { reason: `there is no key to encrypt the copy in ${region} with`, mend };
  }
  const total = (principals[region] ?? 0) + calls.reduce((sum, it) => sum + it.principals.length, 0);
  if (total > PRINCIPALS_AN_IMAGE) {
    const reason = `${total} accounts and units in ${region} are more than the ${PRINCIPALS_AN_IMAGE} that one image can be shared with`;
    return { reason, mend: 'give units their ARN in accounts.yaml, so that they are named as a whole' };
  }
  return undefined;
}
