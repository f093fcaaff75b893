import { randomUUID } from 'node:crypto';
import { type Cause, cause as causeSchema, type ImageVersion } from '../../model/build.ts';
import { KilnError } from '../../model/error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { LoadedSpec } from '../../ports/spec-source.ts';
import { causeOfChange, causeOfJudging, type Inputs, type JudgingInputs, scheduleIsDue } from '../../triggers/due.ts';
import { readKnown } from '../gate/examination.ts';
import { type Rejudged, type RejudgePorts, rejudgeVersion, withdrawVersion } from '../rejudge/rejudge-image.ts';
import { buildInputs, judgingInputs, newlyKnown, type Standing } from '../rejudge/rejudge-inputs.ts';
import { mendedBySources } from './advisory-trigger.ts';
import { touchedImages } from './touched-images.ts';

export type TickPorts = Pick<
  Ports,
  'catalog' | 'clock' | 'specs' | 'source' | 'executions' | 'progress' | 'store' | 'folders' | 'advisories'
>;

export interface TickOptions {
  /** What judges published versions again; default: they are left as they are. */
  readonly rejudge?: RejudgePorts;
  /** Execution that holds the image's lease while it is judged; default: one that nobody else knows. */
  readonly holder?: string;
}

export interface TickResult {
  readonly started: readonly { image: string; cause: Cause }[];
  readonly rejudged: readonly Rejudged[];
  /** Images that could not be looked at, with the reason; and what stands in for files that are wrong. */
  readonly troubled: readonly { image: string; reason: string }[];
}

interface Seen {
  readonly inputs?: Inputs;
  readonly scheduledAt?: number;
}

/** What looking at one image came to. */
interface Look {
  readonly cause?: Cause;
  readonly rejudged: readonly Rejudged[];
  readonly warnings: readonly string[];
}

/**
 * Looks at every image once: starts builds of those that a schedule, an index, a changed spec or a mended vulnerability calls for, and judges
 * again those whose policies, tests, accounts or known vulnerabilities changed.
 */
export async function tick(ports: TickPorts, options: TickOptions = {}): Promise<TickResult> {
  const result = {
    started: [] as TickResult['started'][number][],
    rejudged: [] as Rejudged[],
    troubled: [] as TickResult['troubled'][number][],
  };
  const versions = Map.groupBy(await ports.catalog.listVersions(), (it) => it.image);
  const isTouched = touchedImages(ports);
  for (const { name: image } of await ports.catalog.listImages()) {
    try {
      const { cause, rejudged, warnings, remember } = await look(ports, image, versions.get(image) ?? [], {
        ...options,
        isTouched,
      });
      result.rejudged.push(...rejudged);
      for (const reason of warnings) result.troubled.push({ image, reason });
      if (cause) {
        await startBuild(ports, image, cause, remember);
        result.started.push({ image, cause });
      } else await remember();
    } catch (error) {
      // One image's trouble must not keep the others from being looked at.
      result.troubled.push({ image, reason: (error as Error).message });
    }
  }
  return result;
}

/**
 * What was seen is kept when the start has ended, so that a look that is killed, or a fault that passes, loses no change: the next look
 * finds it again. A build that fails for good is not started again at every look, but when something changes.
 */
async function startBuild(
  { executions, clock }: TickPorts,
  image: string,
  cause: Cause,
  remember: () => Promise<void>,
): Promise<void> {
  try {
    await executions.start({ image, cause, key: `${image}:${clock.now()}` });
  } catch (error) {
    if (!(error instanceof KilnError && error.retryable)) await remember();
    throw error;
  }
  await remember();
}

const seenKey = (image: string): string => `seen:${image}`;

async function look(
  ports: TickPorts,
  image: string,
  versions: readonly ImageVersion[],
  options: TickOptions & { isTouched: (image: string) => Promise<boolean> },
): Promise<Look & Pick<BuildLook, 'remember'>> {
  const loaded = await ports.specs.load(image);
  // Judging comes first: what must be taken back does not wait for a build, nor for an index that cannot be had.
  const judged = await judgeVersions(ports, loaded, versions, options);
  const { cause, remember } = await causeToBuild(ports, loaded, options.isTouched);
  return { rejudged: judged.rejudged, warnings: judged.warnings, remember, ...firstCause(cause, judged.cause) };
}

const firstCause = (...causes: (Cause | undefined)[]): { cause?: Cause } => {
  const cause = causes.find((it) => it !== undefined);
  return cause ? { cause } : {};
};

interface BuildLook {
  readonly cause?: Cause;
  /** Keeps what was seen, so that the same is no cause again. */
  readonly remember: () => Promise<void>;
}

async function causeToBuild(
  ports: TickPorts,
  loaded: LoadedSpec,
  isTouched: (image: string) => Promise<boolean>,
): Promise<BuildLook> {
  const { catalog, clock } = ports;
  const key = seenKey(loaded.spec.name);
  const seen = ((await catalog.getDocument(key)) ?? {}) as Seen;
  const inputs = await buildInputs(ports, loaded);
  const now = clock.now();
  const due = scheduleIsDue(loaded.spec.schedule, seen.scheduledAt, now);
  const remember = () =>
    catalog.putDocument(key, { ...seen, inputs, scheduledAt: due ? now : (seen.scheduledAt ?? now) });
  const cause = due ? causeSchema.parse({ kind: 'schedule' }) : causeOfChange(seen.inputs, inputs);
  // An index that changed elsewhere is no reason to build: the same packages would be locked.
  const isElsewhere = cause?.kind === 'component' && !(await isTouched(loaded.spec.name));
  return isElsewhere ? { remember } : { cause, remember };
}

async function judgeVersions(
  ports: TickPorts,
  loaded: LoadedSpec,
  versions: readonly ImageVersion[],
  options: TickOptions,
): Promise<Look> {
  const image = loaded.spec.name;
  if (!options.rejudge) return NOTHING;
  const holder = options.holder ?? `tick:${randomUUID()}`;
  if (!(await takeLease(ports, judgingLease(image), holder))) return { rejudged: [], warnings: [] };
  try {
    const current = new Set(Object.values(await ports.catalog.aliases(image)));
    const looks: Look[] = [];
    for (const version of versions)
      looks.push(
        await judgeHere(ports, options.rejudge, { loaded, version, current }).catch((error: Error) =>
          // One version's trouble must not keep the others from being judged.
          ({ ...NOTHING, warnings: [`version ${version.version}: ${error.message}`] }),
        ),
      );
    return {
      rejudged: looks.flatMap((it) => it.rejudged),
      warnings: [...new Set(looks.flatMap((it) => it.warnings))],
      ...firstCause(...looks.map((it) => it.cause)),
    };
  } finally {
    await ports.catalog.releaseLease(judgingLease(image), holder);
  }
}

/** Two that judge the same image at once, by policies of different moments, could leave what the newer deny. */
const judgingLease = (image: string): string => `${image}#judging`;

async function takeLease({ catalog, executions }: TickPorts, name: string, holder: string): Promise<boolean> {
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

const NOTHING: Look = { rejudged: [], warnings: [] };

/** States in which nobody may have a version. */
const WITHDRAWN: ReadonlySet<string> = new Set(['quarantined', 'recalled', 'deregistered']);

async function judgeHere(
  ports: TickPorts,
  judging: RejudgePorts,
  { loaded, version, current }: OneVersion,
): Promise<Look> {
  if (WITHDRAWN.has(version.state)) {
    await withdrawVersion(judging, version);
    return NOTHING;
  }
  const isCurrent = current.has(version.version);
  if (version.state !== 'available' || !(isCurrent || (await hasGrants(ports, version)))) return NOTHING;
  const standing = await judgingInputs(ports, loaded, version);
  const cause = causeOfJudging(version.facts.judgedBy as JudgingInputs | undefined, standing.inputs);
  if (!cause) return { rejudged: [], warnings: standing.warnings };
  const mended = isCurrent ? await mendedSince(ports, loaded, version, standing) : undefined;
  const rejudged = await rejudgeVersion(judging, { loaded, version, cause, standing, current: isCurrent });
  return {
    rejudged: [rejudged],
    warnings: [...new Set([...standing.warnings, ...rejudged.warnings])],
    ...firstCause(mended),
  };
}

async function hasGrants({ catalog }: TickPorts, { image, version }: ImageVersion): Promise<boolean> {
  return (await catalog.listGrants({ image, version, inForce: true })).length > 0;
}

/** A build is called for where the sources have the fix of a vulnerability that was not known before. */
async function mendedSince(
  ports: TickPorts,
  { spec }: LoadedSpec,
  version: ImageVersion,
  { known }: Standing,
): Promise<Cause | undefined> {
  const fresh = newlyKnown((await readKnown(ports, version)) ?? {}, known);
  return mendedBySources(ports, spec, fresh);
}
