import { isWithin } from './targets.ts';

/** One account in one region, already approved. */
export interface Recipient {
  readonly account: string;
  readonly region: string;
  /** Path of its organisational unit. */
  readonly unit?: string;
  /** Key that its copy must be encrypted with; absent: the region's own. */
  readonly key?: string;
  /** It may read the snapshot, too. */
  readonly copy: boolean;
}

/** A unit that may be named as a whole: the policies permit it, and whoever wrote accounts.yaml vouches for every account in it. */
export interface WholeUnit {
  readonly path: string;
  readonly arn: string;
  /** Where it may be named. */
  readonly regions: readonly string[];
}

/** What a place has already. */
export interface Present {
  readonly region: string;
  readonly key?: string;
  readonly sharedWith: readonly string[];
  /** Of these, those that may copy it; absent where nobody can tell. */
  readonly readableBy?: readonly string[];
}

export interface DistributionRequest {
  readonly recipients: readonly Recipient[];
  readonly units?: readonly WholeUnit[];
  /** Region of the image itself; no copy is made there unless another key is asked for. */
  readonly home: string;
  readonly present?: readonly Present[];
}

/** Principals that one call names: ModifyImageAttribute takes 100. */
export const PRINCIPALS_A_CALL = 100;

/** One call to the registry, after the copy it needs is there. Safe to repeat. */
export interface DistributionCall {
  /** Place, what is done, and a number, such as `eu-west-1 share 0`; the same for the same plan. */
  readonly id: string;
  readonly kind: 'copy' | 'share' | 'revoke';
  readonly region: string;
  readonly key?: string;
  /** Accounts by number, units by ARN; empty for a copy. */
  readonly principals: readonly string[];
  /** Accounts that this concerns, one by one. */
  readonly accounts: readonly string[];
  readonly copy: boolean;
}

export interface DistributionPlan {
  /**
   * First it is taken from whoever leaves, then given, and at last what others replace is taken: nobody who may not have the image keeps it
   * for longer than he must, and nobody who may is without it in between.
   */
  readonly calls: readonly DistributionCall[];
  readonly regions: number;
  readonly accounts: number;
}

interface Place {
  readonly region: string;
  readonly key?: string;
  readonly recipients: Recipient[];
}

/** The fewest calls that bring a place from what it has to what its recipients may have. Pure. */
export function planDistribution(request: DistributionRequest): DistributionPlan {
  const places = placesOf(request).map((place) => callsOf(place, request));
  const stages = ['leaving', 'copies', 'given', 'replaced'] as const;
  return {
    calls: stages.flatMap((stage) => places.flatMap((it) => it[stage])),
    regions: new Set(request.recipients.map((it) => it.region)).size,
    accounts: new Set(request.recipients.map((it) => it.account)).size,
  };
}

function placesOf({ recipients, present = [] }: DistributionRequest): Place[] {
  const places = new Map<string, Place>();
  const placeOf = ({ region, key }: { region: string; key?: string }) => {
    const name = nameOf({ region, key });
    const known = places.get(name) ?? { region, key, recipients: [] };
    places.set(name, known);
    return known;
  };
  for (const it of recipients) placeOf(it).recipients.push(it);
  for (const it of present) placeOf(it);
  return [...places.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, place]) => place);
}

const nameOf = ({ region, key }: { region: string; key?: string }): string =>
  key === undefined ? region : `${region} ${key}`;

/** Calls of one place by what they are for. */
type Stages = Readonly<Record<'leaving' | 'copies' | 'given' | 'replaced', DistributionCall[]>>;

function callsOf(place: Place, { home, present = [], units = [] }: DistributionRequest): Stages {
  const { region, key, recipients } = place;
  const had = present.find((it) => it.region === region && it.key === key);
  const has = new Set(had?.sharedWith);
  const here = units.filter((it) => it.regions.includes(region));
  // Permission to read a snapshot is given to accounts only (ModifySnapshotAttribute).
  const copying = principalsOf(
    recipients.filter((it) => it.copy),
    [],
  );
  const launching = principalsOf(
    recipients.filter((it) => !it.copy),
    here,
  );
  const gone = [...has].filter((it) => !copying.has(it) && !launching.has(it)).sort();
  const stays = new Set(recipients.map((it) => it.account));
  const isLeaving = (it: string) => !it.startsWith('arn:') && !stays.has(it);
  const reads = had?.readableBy && new Set(had.readableBy);
  // One that may copy and should not, or the other way round, is shared with once more.
  const missing = (principals: Map<string, string[]>, copy: boolean) =>
    [...principals].filter(([it]) => !has.has(it) || (reads !== undefined && reads.has(it) !== copy));
  const isThere = (region === home && key === undefined) || had !== undefined || recipients.length === 0;
  const count = { copy: 0, share: 0, revoke: 0 };
  const call = (
    kind: DistributionCall['kind'],
    some: readonly [string, string[]][],
    copy = false,
  ): DistributionCall => ({
    id: `${nameOf(place)} ${kind} ${count[kind]++}`,
    kind,
    region,
    ...(key === undefined ? {} : { key }),
    principals: some.map(([principal]) => principal),
    accounts: some.flatMap(([, accounts]) => accounts),
    copy,
  });
  const taking = (some: string[]) =>
    batches(some).map((it) =>
      call(
        'revoke',
        it.map((id) => [id, [id]]),
      ),
    );
  return {
    leaving: taking(gone.filter(isLeaving)),
    copies: isThere ? [] : [call('copy', [])],
    given: [
      ...batches(missing(copying, true)).map((some) => call('share', some, true)),
      ...batches(missing(launching, false)).map((some) => call('share', some)),
    ],
    replaced: taking(gone.filter((it) => !isLeaving(it))),
  };
}

/** Principals, each with the accounts that it stands for: a unit for all of its accounts, the others for themselves. */
function principalsOf(recipients: readonly Recipient[], units: readonly WholeUnit[]): Map<string, string[]> {
  const principals = new Map<string, string[]>();
  const widest = [...units].sort((a, b) => a.path.length - b.path.length);
  for (const { account, unit } of recipients) {
    const whole = widest.find((it) => isWithin(unit, it.path));
    const principal = whole?.arn ?? account;
    const accounts = principals.get(principal);
    if (accounts) accounts.push(account);
    else principals.set(principal, [account]);
  }
  return principals;
}

function batches<T>(all: readonly T[]): T[][] {
  const count = Math.ceil(all.length / PRINCIPALS_A_CALL);
  return Array.from({ length: count }, (_, at) => all.slice(at * PRINCIPALS_A_CALL, (at + 1) * PRINCIPALS_A_CALL));
}
