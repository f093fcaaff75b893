import { ageDays } from '../../distributor/access/decide.ts';
import { targetsOf } from '../../distributor/targets.ts';
import type { AdvisoryPlace } from '../../model/advisory.ts';
import type { ImageVersion } from '../../model/build.ts';
import { digestOf } from '../../model/canonical.ts';
import type { InventoryVulnerability } from '../../model/inventory.ts';
import { timestamp } from '../../ports/clock.ts';
import type { Ports } from '../../ports/ports.ts';
import type { LoadedSpec } from '../../ports/spec-source.ts';
import type { JudgingInputs } from '../../triggers/due.ts';
import { fitsName } from '../../validator/glob.ts';
import { digestOfPacks, type Pack } from '../../validator/pack.ts';
import { testsOf } from '../application/tests-of-spec.ts';
import { readKnown } from './examination.ts';
import { type PoliciesInForce, policiesInForce } from './judge-policies.ts';
import { type KnownVulnerabilities, readVulnerabilities, shippedBy } from './known-vulnerabilities.ts';

type InputPorts = Pick<Ports, 'catalog' | 'clock' | 'specs' | 'store' | 'advisories'>;

/** What decides who may have a version, as it stands now. */
export interface Standing {
  readonly inputs: JudgingInputs;
  readonly known: KnownVulnerabilities;
  /** What its packages are looked up in: lists of places, each for some policies. */
  readonly places: readonly (readonly AdvisoryPlace[])[];
  /** Source packages that it ships, as `RELEASE NAME VERSION`; empty where nothing is looked up. */
  readonly sources: readonly string[];
  /** When the inputs change with nobody changing anything (milliseconds since the epoch): a waiver ends, the image grows a day older. */
  readonly until?: number;
  /** What stands in for files that are wrong or cannot be had. */
  readonly warnings: readonly string[];
}

/** `read`: the policies, where they were read already. Throws what reading policies and advisories throws, where none ever were good. */
export async function judgingInputs(
  ports: InputPorts,
  loaded: LoadedSpec,
  version: ImageVersion,
  read?: PoliciesInForce,
): Promise<Standing> {
  const { spec } = loaded;
  const policies = read ?? (await policiesInForce(ports, loaded));
  const today = timestamp(ports.clock).slice(0, 10);
  const accounts = accountsOf(policies, loaded);
  const packs = [...policies.packs.packs, ...accounts.flatMap((it) => it.packs)];
  const { warnings, ...found } = await vulnerabilitiesBy(ports, loaded, version, packs);
  const digest = (of: readonly Pack[]) => digestOfPacks(of, spec.name, today);
  const inputs: JudgingInputs = {
    policies: digestOf({
      packs: digest(policies.packs.packs),
      access: policies.access.digest,
      labels: spec.labels,
      ...(policies.access.looksAt.age ? { ageDays: ageDays(version.createdAt, ports.clock.now()) } : {}),
    }),
    tests: digestOf(testsOf(spec)),
    accounts: digestOf(accounts.map((it) => ({ ...it, packs: digest(it.packs) }))),
    advisories: digestOf(found.known),
  };
  const until = changesBy(packs, policies, { spec, version, today, now: ports.clock.now() });
  return { ...found, inputs, warnings: [...policies.warnings, ...warnings], ...(until === undefined ? {} : { until }) };
}

/** When a digest of the inputs will be another one by the passing of time alone. */
function changesBy(
  packs: readonly Pack[],
  { access }: PoliciesInForce,
  { spec, version, today, now }: { spec: LoadedSpec['spec']; version: ImageVersion; today: string; now: number },
): number | undefined {
  const waivers = packs.flatMap((it) => it.waivers);
  const counting = waivers.filter((it) => it.expires >= today && fitsName(spec.name, it.image ?? '*'));
  const ends = counting.map((it) => Date.parse(it.expires) + DAY_MS);
  const birthdays = access.looksAt.age
    ? [Date.parse(version.createdAt) + (ageDays(version.createdAt, now) + 1) * DAY_MS]
    : [];
  const moments = [...ends, ...birthdays];
  return moments.length === 0 ? undefined : Math.min(...moments);
}

const DAY_MS = 24 * 3_600_000;

/** The accounts that the spec names, where they are to have it, and by which packs of their own. */
function accountsOf({ accounts, packs }: PoliciesInForce, { spec }: LoadedSpec) {
  return accounts.flatMap((account) => {
    const targeted = targetsOf(account.id, accounts, spec);
    const { targets } = targeted.kind === 'targeted' ? targeted : { targets: [] };
    return targets.length > 0 ? [{ account, targets, packs: packs.forAccount(account) }] : [];
  });
}

async function vulnerabilitiesBy(
  ports: InputPorts,
  { spec }: LoadedSpec,
  version: ImageVersion,
  packs: readonly Pack[],
) {
  const reader = readVulnerabilities(ports, await readKnown(ports, version));
  const places = packs.map((it) => it.advisories).filter((it) => it.length > 0);
  const shipped = places.length > 0 ? await shippedBy(ports, version, spec.os.release) : { packages: [], release: '' };
  for (const it of places) await reader.of(shipped, it);
  const sources = shipped.packages.map((it) => `${shipped.release} ${it.sourceName} ${it.sourceVersion}`);
  return { known: reader.told(), places, sources: [...new Set(sources)], warnings: reader.warnings };
}

/** Vulnerabilities that nobody knew of before. */
export function newlyKnown(before: KnownVulnerabilities, now: KnownVulnerabilities): InventoryVulnerability[] {
  const key = (it: InventoryVulnerability) => `${it.package} ${it.id} ${it.fixedIn}`;
  const known = new Set(Object.values(before).flat().map(key));
  return [
    ...new Map(
      Object.values(now)
        .flat()
        .map((it) => [key(it), it]),
    ).values(),
  ].filter((it) => !known.has(key(it)));
}
