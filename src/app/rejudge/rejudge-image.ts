import type { Target } from '../../distributor/targets.ts';
import type { Cause, Grant, ImageVersion } from '../../model/build.ts';
import { digestOf } from '../../model/canonical.ts';
import { timestamp } from '../../ports/clock.ts';
import type { Ports } from '../../ports/ports.ts';
import type { LoadedSpec } from '../../ports/spec-source.ts';
import { firstObstacle, keepKnown, openVersion } from '../gate/examination.ts';
import { type AccountJudgement, type JudgePorts, judgeVersion } from '../gate/judge.ts';
import { policiesInForce } from '../gate/judge-policies.ts';
import type { Standing } from '../gate/judging-inputs.ts';
import { type Applied, applyJudgement, type DistributionPorts } from '../sharing/distribution.ts';
import { testAgain } from './rejudge-tests.ts';

export type RejudgePorts = JudgePorts & DistributionPorts & Pick<Ports, 'notifier' | 'testBed' | 'executions'>;

/** What judging a version again came to. */
export interface Rejudged {
  readonly image: string;
  readonly version: number;
  readonly cause: Cause;
  readonly given: readonly Target[];
  readonly takenBack: readonly Pick<Grant, 'account' | 'region'>[];
  /** Why accounts that the spec names may not have it. */
  readonly refused: readonly { account: string; reason: string }[];
  /** The first rule for all copies that does not hold. */
  readonly obstacle?: string;
  readonly warnings: readonly string[];
}

export interface RejudgeRequest {
  readonly loaded: LoadedSpec;
  readonly version: ImageVersion;
  readonly cause: Cause;
  readonly standing: Standing;
  /** Whether accounts that have no grant of it yet may get one: so for the versions that an alias names. */
  readonly current: boolean;
}

/**
 * Judges a published version by what holds now, without building it: takes back the grants that policies deny, gives those that they
 * permit (but none that somebody revoked by hand), tells its owner, and keeps what it was judged by. Safe to repeat, and to be killed.
 */
export async function rejudgeVersion(ports: RejudgePorts, request: RejudgeRequest): Promise<Rejudged> {
  const { loaded, cause, standing } = request;
  const version = await testAgain(ports, request.version, loaded.spec);
  const { image, version: number } = version;
  const key = digestOf({ image, number, inputs: standing.inputs }).slice(0, 24);
  const judgement = await judgeVersion(ports, version, { askedBy: `rejudge: ${cause.kind}`, key });
  const { report, obstacle } = await reportOf(ports, loaded, version);
  const withheld = new Set(namesIn(version.facts.withheld));
  const grants = await ports.catalog.listGrants({ image, version: number });
  const asked = judgement.accounts.map((it) => eligible(it, { ...request, grants, withheld }));
  // A unit is named as a whole only where nobody in it is left out.
  const units = asked.every((it, at) => it.approved.length === judgement.accounts[at]!.approved.length)
    ? judgement.units
    : [];
  const { given, takenBack, problems } = await applyJudgement(ports, { ...judgement, accounts: asked, units });
  const refused = asked.flatMap((it) =>
    it.targeted && it.refused ? [{ account: it.account, reason: it.refused.reason }] : [],
  );
  await ports.catalog.updateVersion(image, number, {
    facts: {
      // What a region could not do is tried again when the image is looked at next.
      judgedBy: problems.length > 0 ? {} : standing.inputs,
      reportDigest: report,
      withheld: stillWithheld(withheld, { given, takenBack }),
      vulnerabilitiesDigest: await keepKnown(ports, standing.known),
    },
  });
  const warnings = [...judgement.warnings, ...problems.map((it) => `${it.region}: ${it.reason}`)];
  const rejudged = {
    image,
    version: number,
    cause,
    given,
    takenBack: takenBack.map(bare),
    refused,
    obstacle,
    warnings,
  };
  await tell(ports, loaded, rejudged, key);
  return rejudged;
}

/** Takes back every grant of a version that is no longer to be had by anybody. */
export async function withdrawVersion(ports: RejudgePorts, version: ImageVersion): Promise<readonly Grant[]> {
  const { image, version: number } = version;
  const grants = await ports.catalog.listGrants({ image, version: number, inForce: true });
  if (grants.length === 0) return [];
  await ports.registry.revoke(version.imageId, [...new Set(grants.map((it) => it.account))]);
  for (const grant of grants) await ports.catalog.revokeGrant(grant, timestamp(ports.clock));
  return grants;
}

async function reportOf(ports: JudgePorts, loaded: LoadedSpec, version: ImageVersion) {
  const { packs } = (await policiesInForce(ports, loaded)).packs;
  const report = await (await openVersion(ports, loaded, version)).examine(packs);
  return {
    report: await ports.store.put({ bytes: Buffer.from(JSON.stringify(report)) }),
    obstacle: firstObstacle(report),
  };
}

const placeOf = ({ account, region }: Pick<Target, 'account' | 'region'>): string => `${account} ${region}`;

const bare = ({ account, region }: Grant) => ({ account, region });

const namesIn = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

interface Eligibility {
  readonly current: boolean;
  readonly grants: readonly Grant[];
  /** Places whose grant a judgement took back, and no person. */
  readonly withheld: ReadonlySet<string>;
}

/** Of the targets that policies approve, those that have the grant, had it until a judgement took it back, or never had one. */
function eligible(judged: AccountJudgement, { current, grants, withheld }: Eligibility): AccountJudgement {
  const may = (target: Target) => {
    const grant = grants.find((it) => placeOf(it) === placeOf(target));
    return grant ? grant.revokedAt === undefined || withheld.has(placeOf(target)) : current;
  };
  const approved = judged.approved.filter(may);
  const regions = new Set(approved.map((it) => it.region));
  return { ...judged, approved, mayCopy: judged.mayCopy.filter((it) => regions.has(it)) };
}

function stillWithheld(
  before: ReadonlySet<string>,
  { given, takenBack }: Pick<Applied, 'given' | 'takenBack'>,
): string[] {
  const now = new Set([...before, ...takenBack.map(placeOf)]);
  for (const target of given) now.delete(placeOf(target));
  return [...now].sort();
}

async function tell({ catalog, clock, notifier }: RejudgePorts, { spec }: LoadedSpec, rejudged: Rejudged, key: string) {
  const { image, version, cause, given, takenBack, refused, obstacle } = rejudged;
  const changed = given.length + takenBack.length > 0;
  const detail = { version, cause, given, takenBack, refused, obstacle, owner: spec.owner };
  const kind = 'image.rejudged';
  await catalog.recordEvent({ id: `${kind}:${key}`, kind, at: timestamp(clock), image, detail: { ...detail } });
  if (!changed) return;
  const counts = [
    ...(takenBack.length > 0 ? [`${takenBack.length} grants taken back`] : []),
    ...(given.length > 0 ? [`${given.length} given`] : []),
  ];
  const subject = `${image}@${version} was judged again (${cause.detail ?? cause.kind}): ${counts.join(', ')}`;
  await notifier.notify({ kind, image, subject, detail });
}
