import { z } from 'zod';
import type { Build, BuildState, StepRecord } from '../../model/build.ts';
import { timestamp } from '../../ports/clock.ts';
import type { Ports } from '../../ports/ports.ts';
import { waitingLease } from './plan-build.ts';
import { lastObstacle, requireBuild, type StepRequest } from './step.ts';
import { testKey } from './test-image.ts';

/** A fault as the state machine's `Catch` hands it on. */
export const caughtFault = z.object({ Error: z.string(), Cause: z.unknown() });

export interface EndRequest extends StepRequest {
  readonly executionId: string;
  readonly state: Extract<BuildState, 'succeeded' | 'unchanged' | 'refused' | 'failed'>;
  readonly fault?: z.infer<typeof caughtFault>;
}

export interface EndAnswer {
  readonly image: string;
  readonly buildId: string;
  readonly state: BuildState;
  readonly version?: number;
  /** Why it was refused or failed; what an execution of the state machine shows as its cause. */
  readonly reason?: string;
}

/** Where there is a test bed, an instance that its launcher left running is ended. */
type EndPorts = Pick<Ports, 'catalog' | 'clock' | 'registry' | 'notifier'> & Partial<Pick<Ports, 'testBed'>>;

/** Ends a build, which may have been read already: records how, quarantines what it registered unless all went well, tells people, and gives the leases back. */
export async function endBuild(ports: EndPorts, request: EndRequest, known?: Build): Promise<EndAnswer> {
  const { catalog, clock } = ports;
  const build = known ?? (await requireBuild(catalog, request.buildId));
  const failed = request.state === 'refused' || request.state === 'failed';
  const detail = failed ? reasonOf(build.steps, request.fault) : undefined;
  if (failed) {
    if ('testBed' in ports) await ports.testBed?.end?.(testKey(build.id));
    await quarantineRegistered(ports, request, detail ?? request.state);
  }
  await catalog.updateBuild(build.id, { state: request.state, endedAt: timestamp(clock), detail });
  if (failed) {
    const subject = `build of ${request.image} ${request.state}`;
    await ports.notifier.notify({
      kind: `build.${request.state}`,
      image: request.image,
      subject,
      detail: { buildId: build.id, reason: detail },
    });
  }
  await catalog.releaseLease(waitingLease(request.image), request.executionId);
  await catalog.releaseLease(request.image, request.executionId);
  return {
    image: request.image,
    buildId: build.id,
    state: request.state,
    version: build.version,
    reason: detail?.slice(0, REASON_MAX),
  };
}

/** An execution's cause holds 32,768 characters. */
const REASON_MAX = 8_000;

function reasonOf(steps: readonly StepRecord[], fault: EndRequest['fault']): string {
  const step = lastObstacle(steps);
  if (step) return `${step.step}: ${step.detail ?? step.outcome}`;
  return fault ? `${fault.Error}: ${causeText(fault.Cause)}` : 'no step says why';
}

/** Lambda hands on a JSON text with `errorMessage`; the local runner the message itself. */
function causeText(cause: unknown): string {
  if (typeof cause !== 'string') return JSON.stringify(cause);
  try {
    const { errorMessage, Build } = JSON.parse(cause);
    return String(errorMessage ? causeText(errorMessage) : Build ? bakeText(Build) : cause);
  } catch {
    return cause;
  }
}

/** CodeBuild hands on the build: a container that did not get as far as the catalog has recorded nothing. */
function bakeText({ Id, BuildStatus }: { Id?: string; BuildStatus?: string }): string {
  return `the bake ended ${BuildStatus}; its log is that of the build ${Id}`;
}

/** An image that was registered and then refused is nobody's. */
async function quarantineRegistered(
  { catalog, registry, clock }: EndPorts,
  request: EndRequest,
  reason: string,
): Promise<void> {
  const version = (await catalog.listVersions(request.image)).find((it) => it.buildId === request.buildId);
  if (!version) return registry.abandon?.(request.buildId);
  if (version.state === 'available') return;
  await registry.quarantine(version.imageId, reason);
  for (const grant of await catalog.listGrants({ image: version.image, version: version.version, inForce: true })) {
    await catalog.revokeGrant(grant, timestamp(clock));
  }
  await catalog.updateVersion(version.image, version.version, {
    state: 'quarantined',
    facts: { quarantinedFor: reason, quarantinedAt: timestamp(clock) },
  });
}
