import type { Build, Cause } from '../../model/build.ts';
import { sha256 } from '../../model/canonical.ts';
import { KilnError } from '../../model/error.ts';
import { timestamp } from '../../ports/clock.ts';
import type { Ports } from '../../ports/ports.ts';

export interface BuildOptions {
  /** Build even when nothing changed. */
  readonly force?: boolean;
  /** Refuse to resolve again: the lock beside the spec must fit the spec. */
  readonly locked?: boolean;
}

/** An execution's input: `{"image": "nginx"}` is enough. */
export interface PlanRequest {
  readonly image: string;
  readonly cause?: Cause;
  readonly options?: BuildOptions;
  /** Set when this execution was told to wait and asks again. */
  readonly buildId?: string;
}

export interface PlanAnswer {
  readonly decision: 'proceed' | 'wait' | 'joined';
  readonly image: string;
  /** The build to work on; for `joined`, the one that will do what was asked. */
  readonly buildId: string;
  readonly cause: Cause;
  readonly options: BuildOptions;
}

type PlanPorts = Pick<Ports, 'catalog' | 'clock' | 'executions'>;

/**
 * Decides what an execution does: it builds (it has the image's lease), waits (another builds), or ends because another
 * execution waits already. A build whose execution died is taken up again under its own id.
 */
export async function planBuild(ports: PlanPorts, request: PlanRequest, executionId: string): Promise<PlanAnswer> {
  const image = await knownImage(ports, request.image);
  const answer = { image, cause: request.cause ?? { kind: 'request' as const }, options: request.options ?? {} };
  if (await takeLease(ports, image, executionId)) {
    await ports.catalog.releaseLease(waitingLease(image), executionId);
    const build = await buildToWorkOn(ports, answer, request.buildId, executionId);
    return { ...answer, decision: 'proceed', buildId: build.id };
  }
  if (await takeLease(ports, waitingLease(image), executionId)) {
    const build = await startBuild(ports, answer, request.buildId, executionId, 'waiting');
    return { ...answer, decision: 'wait', buildId: build.id };
  }
  return { ...answer, decision: 'joined', buildId: await waitingBuild(ports, image) };
}

/** Name of the lease that the one waiting execution of an image has. */
export function waitingLease(image: string): string {
  return `${image}#waiting`;
}

async function knownImage({ catalog }: PlanPorts, name: string): Promise<string> {
  if (await catalog.getImage(name)) return name;
  const known = (await catalog.listImages()).map((it) => it.name);
  const hint =
    known.length > 0
      ? `known images: ${known.join(', ')}`
      : 'make it known by its spec: kiln build PATH, on AWS kiln remote add PATH';
  throw new KilnError('NOT_FOUND', `no image ${name} is known`, { hint });
}

/** True when this execution has the lease now, also by taking it from an execution that died. */
async function takeLease({ catalog, executions }: PlanPorts, name: string, executionId: string): Promise<boolean> {
  const answer = await catalog.acquireLease(name, executionId);
  if (answer.kind === 'acquired') return true;
  if (await executions.isRunning(answer.by)) return false;
  return catalog.takeOverLease(name, answer.by, executionId);
}

async function buildToWorkOn(
  ports: PlanPorts,
  answer: Omit<PlanAnswer, 'decision' | 'buildId'>,
  id: string | undefined,
  executionId: string,
) {
  const interrupted = id === undefined ? await interruptedBuild(ports, answer.image, executionId) : undefined;
  return startBuild(ports, answer, id ?? interrupted?.id, executionId, 'running');
}

/** The newest build of the image that neither ended nor has an execution that runs. */
async function interruptedBuild(
  { catalog, executions }: PlanPorts,
  image: string,
  executionId: string,
): Promise<Build | undefined> {
  for (const state of ['running', 'waiting'] as const) {
    for (const build of await catalog.listBuilds({ image, state, limit: 20 })) {
      const dead = build.execution !== executionId && !(await executions.isRunning(build.execution ?? ''));
      if (dead || build.execution === executionId) return build;
    }
  }
  return undefined;
}

async function startBuild(
  { catalog, clock }: PlanPorts,
  { image, cause }: Omit<PlanAnswer, 'decision' | 'buildId'>,
  id: string | undefined,
  execution: string,
  state: 'running' | 'waiting',
): Promise<Build> {
  const requestedAt = timestamp(clock);
  const build = await catalog.createBuild({
    id: id ?? buildId(image, execution),
    image,
    cause,
    state,
    requestedAt,
    execution,
    steps: [],
  });
  if (build.state !== state || build.execution !== execution) await catalog.updateBuild(build.id, { state, execution });
  return build;
}

/** One execution begins one build, also where it is planned twice at once. */
function buildId(image: string, execution: string): string {
  const digest = sha256(execution);
  return `${image}-${digest.slice(0, 8)}-${digest.slice(8, 12)}`;
}

async function waitingBuild({ catalog }: PlanPorts, image: string): Promise<string> {
  const [waiting] = await catalog.listBuilds({ image, state: 'waiting', limit: 1 });
  const [running] = waiting ? [] : await catalog.listBuilds({ image, state: 'running', limit: 1 });
  return waiting?.id ?? running?.id ?? 'unknown';
}
