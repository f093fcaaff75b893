import middy from '@middy/core';
import { planBuild } from '../../src/app/steps/plan-build.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { planEvent } from '../shared/events.ts';
import { validated } from '../shared/validated.ts';

/**
 * Until an execution that waits asks again: on AWS each time costs, and builds take minutes. Where it waits for a build that waits for
 * approval, it may be for days: an execution's history has room for 25,000 events.
 */
const WAIT_SECONDS = { aws: 20, approval: 900, here: 3 } as const;

/** Whoever starts an execution by hand sees this where it ends. */
const STARTED_WITH =
  'start it with {"image": "nginx"}, and "force": true to build it though nothing changed; build-fleet takes {"images": ["nginx"]}';

/** State `Plan`: takes the image’s lease, or waits, or joins; says whether somebody has to approve the image. */
export const makeHandler = (ports: Ports, needsApproval: (image: string) => boolean = () => false) =>
  middy()
    .use(validated(planEvent, STARTED_WITH))
    .handler(async (event, context) => {
      const { force, ...request } = event.request;
      const { image } = request;
      // In the console `force` is written beside the image; an execution that asks again has it among its options.
      const options = force === undefined ? request.options : { ...request.options, force };
      const plan = await planBuild(ports, { ...request, options }, event.executionId);
      const approval = needsApproval(image);
      const isSoon = plan.decision !== 'wait' || !approval || !(await waitsForApproval(ports, image));
      const waitSeconds = isSoon ? WAIT_SECONDS.aws : WAIT_SECONDS.approval;
      return {
        ...plan,
        approval,
        waitSeconds: 'getRemainingTimeInMillis' in context ? waitSeconds : WAIT_SECONDS.here,
      };
    });

async function waitsForApproval({ catalog }: Ports, image: string): Promise<boolean> {
  const running = await catalog.listBuilds({ image, state: 'running', limit: 1 });
  return running.some((it) => it.steps.some(({ step, outcome }) => step === 'approve' && outcome === 'running'));
}
