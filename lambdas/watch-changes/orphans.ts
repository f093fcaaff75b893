import type { MiddlewareObj } from '@middy/core';
import { testKey } from '../../src/app/steps/test-image.ts';
import type { Ports } from '../../src/ports/ports.ts';
import type { Instance } from '../../src/ports/test-bed.ts';

type OrphanPorts = Pick<Ports, 'catalog' | 'clock' | 'executions' | 'progress' | 'testBed'>;

/** Longer than any function that launched one may still be at work. */
const YOUNG_MS = 20 * 60_000;
/** What the pipeline's own instances are launched as. */
const ACCOUNT = 'test';

/**
 * Ends test instances that whoever launched them does not end any more: his function was killed, or his execution was stopped by hand.
 * That this fails keeps the function from nothing else; the next one tries again.
 */
export function endOrphans(ports: OrphanPorts): MiddlewareObj {
  return {
    async before() {
      await endThose(ports).catch((error: Error) => ports.progress.note(`no look at instances: ${error.message}`));
    },
  };
}

async function endThose(ports: OrphanPorts): Promise<void> {
  for (const instance of await ports.testBed.running()) {
    if (instance.account !== ACCOUNT || (await isCaredFor(ports, instance))) continue;
    ports.progress.note(`instance ${instance.id} of ${instance.imageId} was left running: it is ended`);
    await ports.testBed.stop(instance);
  }
}

/** An execution that runs ends its build's instance, or goes on with it. */
async function isCaredFor({ catalog, clock, executions }: OrphanPorts, instance: Instance): Promise<boolean> {
  if (clock.now() - Date.parse(instance.launchedAt) < YOUNG_MS) return true;
  const buildId = instance.key?.replace(/-test$/, '') ?? '';
  if (testKey(buildId) !== instance.key) return false;
  const build = await catalog.getBuild(buildId);
  if (build?.state !== 'running' || build.execution === undefined) return false;
  return executions.isRunning(build.execution);
}
