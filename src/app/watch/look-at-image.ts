import { randomUUID } from 'node:crypto';
import { type Cause, cause as causeSchema, type ImageVersion } from '../../model/build.ts';
import { digestOf } from '../../model/canonical.ts';
import type { Ports } from '../../ports/ports.ts';
import type { LoadedSpec } from '../../ports/spec-source.ts';
import {
  causeOfChange,
  causeOfJudging,
  type Inputs,
  type JudgingInputs,
  nextDue,
  scheduleIsDue,
} from '../../triggers/due.ts';
import { readKnown } from '../gate/examination.ts';
import { judgingInputs, newlyKnown, type Standing } from '../gate/judging-inputs.ts';
import { buildInputs } from '../lock/build-inputs.ts';
import { type Rejudged, type RejudgePorts, rejudgeVersion, withdrawVersion } from '../rejudge/rejudge-image.ts';
import { mendedBySources } from './advisory-trigger.ts';

export type LookPorts = Pick<
  Ports,
  'catalog' | 'clock' | 'specs' | 'source' | 'executions' | 'progress' | 'store' | 'folders' | 'advisories'
>;

export interface LookOptions {
  /** What judges published versions again; default: they are left as they are. */
  readonly rejudge?: RejudgePorts;
  /** Execution that holds the image's lease while it is judged; default: one that nobody else knows. */
  readonly holder?: string;
  /** Whether the sources of today would change an image. */
  readonly isTouched: (image: string) => Promise<boolean>;
}

/** What looking at one image came to. */
export interface Look {
  readonly loaded: LoadedSpec;
  /** Why it should be built now. */
  readonly cause?: Cause;
  readonly rejudged: readonly Rejudged[];
  readonly warnings: readonly string[];
  /** Keeps what was seen, so that the same is no cause again. */
  readonly remember: () => Promise<void>;
  /** Digest of the indexes of its sources. */
  readonly indexes: string;
  /** By what its versions were judged; undefined where not all could be. */
  readonly standings?: readonly Standing[];
  /** When time alone may call for something. */
  readonly until?: number;
}

/** Judges an image's versions again where something changed for them, and finds out whether it should be built. */
export async function lookAtImage(ports: LookPorts, loaded: LoadedSpec, options: LookOptions): Promise<Look> {
  // Judging comes first: what must be taken back does not wait for a build, nor for an index that cannot be had.
  const judged = await judgeVersions(ports, loaded, options);
  const building = await causeToBuild(ports, loaded, options.isTouched);
  const moments = [building.until, ...(judged.standings ?? []).map((it) => it.until)].filter((it) => it !== undefined);
  return {
    ...judged,
    ...building,
    loaded,
    until: moments.length > 0 ? Math.min(...moments) : undefined,
    cause: building.cause ?? judged.cause,
  };
}

interface Seen {
  readonly inputs?: Inputs;
  readonly scheduledAt?: number;
}

async function causeToBuild(
  ports: LookPorts,
  loaded: LoadedSpec,
  isTouched: LookOptions['isTouched'],
): Promise<Pick<Look, 'cause' | 'remember' | 'indexes' | 'until'>> {
  const { catalog, clock } = ports;
  const { name, schedule } = loaded.spec;
  const key = `seen:${name}`;
  const seen = ((await catalog.getDocument(key)) ?? {}) as Seen;
  const inputs = await buildInputs(ports, loaded);
  const now = clock.now();
  const published = await latestVersion(catalog, name);
  const last = seen.scheduledAt ?? (published && Date.parse(published.createdAt));
  const due = scheduleIsDue(schedule, last, now);
  const scheduledAt = due ? now : (last ?? now);
  const remember = async () => {
    const next = { ...seen, inputs, scheduledAt };
    if (digestOf(next) !== digestOf(seen)) await catalog.putDocument(key, next);
  };
  const found = { remember, indexes: digestOf(inputs.indexes), until: nextDue(schedule, scheduledAt) };
  const isBuilt = published && !causeOfChange(published.facts.builtFrom as Inputs | undefined, inputs);
  const changed = isBuilt ? undefined : causeOfChange(seen.inputs, inputs);
  const cause = due ? causeSchema.parse({ kind: 'schedule' }) : changed;
  // An index that changed elsewhere is no reason to build: the same packages would be locked.
  const isElsewhere = cause?.kind === 'component' && !(await isTouched(name));
  return isElsewhere ? found : { ...found, cause };
}

/** The version that was published last: what it was built from, by whoever asked for it, calls for no other. */
async function latestVersion(catalog: LookPorts['catalog'], image: string): Promise<ImageVersion | undefined> {
  const { latest } = await catalog.aliases(image);
  return latest === undefined ? undefined : catalog.getVersion(image, latest);
}

type Judged = Pick<Look, 'cause' | 'rejudged' | 'warnings' | 'standings'>;

async function judgeVersions(ports: LookPorts, loaded: LoadedSpec, options: LookOptions): Promise<Judged> {
  const image = loaded.spec.name;
  if (!options.rejudge) return NOT_JUDGED;
  const holder = options.holder ?? `tick:${randomUUID()}`;
  if (!(await takeLease(ports, judgingLease(image), holder))) return NOT_JUDGED;
  try {
    const current = new Set(Object.values(await ports.catalog.aliases(image)));
    const judged: Judged[] = [];
    for (const version of await ports.catalog.listVersions(image))
      judged.push(
        await judgeHere(ports, options.rejudge, { loaded, version, current }).catch((error: Error) =>
          // One version's trouble must not keep the others from being judged.
          ({ ...NOT_JUDGED, warnings: [`version ${version.version}: ${error.message}`] }),
        ),
      );
    return {
      rejudged: judged.flatMap((it) => it.rejudged),
      warnings: [...new Set(judged.flatMap((it) => it.warnings))],
      cause: judged.map((it) => it.cause).find((it) => it !== undefined),
      standings: judged.every((it) => it.standings) ? judged.flatMap((it) => it.standings ?? []) : undefined,
    };
  } finally {
    await ports.catalog.releaseLease(judgingLease(image), holder);
  }
}

/** Two that judge the same image at once, by policies of different moments, could leave what the newer deny. */
const judgingLease = (image: string): string => `${image}#judging`;

async function takeLease({ catalog, executions }: LookPorts, name: string, holder: string): Promise<boolean> {
  const answer = await catalog.acquireLease(name, holder);
  if (answer.kind === 'acquired') return true;
  if (await executions.isRunning(answer.by)) return false;
  return catalog.takeOverLease(name, answer.by, holder);
}

interface OneVersion {
  readonly loaded: LoadedSpec;
  readonly version: ImageVersion;
  /** Versions that an alias names. */
  readonly current: ReadonlySet<number>;
}

const NOT_JUDGED: Judged = { rejudged: [], warnings: [] };
const NOTHING: Judged = { ...NOT_JUDGED, standings: [] };

/** States in which nobody may have a version. */
const WITHDRAWN: ReadonlySet<string> = new Set(['quarantined', 'recalled', 'deregistered']);

async function judgeHere(
  ports: LookPorts,
  judging: RejudgePorts,
  { loaded, version, current }: OneVersion,
): Promise<Judged> {
  if (WITHDRAWN.has(version.state)) {
    await withdrawVersion(judging, version);
    return NOTHING;
  }
  const isCurrent = current.has(version.version);
  if (version.state !== 'available' || !(isCurrent || (await hasGrants(ports, version)))) return NOTHING;
  const standing = await judgingInputs(ports, loaded, version);
  const cause = causeOfJudging(version.facts.judgedBy as JudgingInputs | undefined, standing.inputs);
  if (!cause) return { ...NOTHING, warnings: standing.warnings, standings: [standing] };
  const mended = isCurrent ? await mendedSince(ports, loaded, version, standing) : undefined;
  const rejudged = await rejudgeVersion(judging, { loaded, version, cause, standing, current: isCurrent });
  return {
    rejudged: [rejudged],
    warnings: [...new Set([...standing.warnings, ...rejudged.warnings])],
    cause: mended,
    standings: [standing],
  };
}

async function hasGrants({ catalog }: LookPorts, { image, version }: ImageVersion): Promise<boolean> {
  return (await catalog.listGrants({ image, version, inForce: true })).length > 0;
}

/** A build is called for where the sources have the fix of a vulnerability that was not known before. */
async function mendedSince(
  ports: LookPorts,
  { spec }: LoadedSpec,
  version: ImageVersion,
  { known }: Standing,
): Promise<Cause | undefined> {
  const fresh = newlyKnown((await readKnown(ports, version)) ?? {}, known);
  return mendedBySources(ports, spec, fresh);
}
