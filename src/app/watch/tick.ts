import type { Cause } from '../../model/build.ts';
import { KilnError } from '../../model/error.ts';
import type { Rejudged } from '../rejudge/rejudge-image.ts';
import { askedOnce } from './asked-once.ts';
import { type Look, type LookOptions, type LookPorts, lookAtImage } from './look-at-image.ts';
import { type SinceLastLook, sinceLastLook } from './since-last-look.ts';
import { touchedImages } from './touched-images.ts';

export type TickPorts = LookPorts;

export type TickOptions = Omit<LookOptions, 'isTouched'>;

export interface TickResult {
  readonly started: readonly { image: string; cause: Cause }[];
  readonly rejudged: readonly Rejudged[];
  /** Images that could not be looked at, with the reason; and what stands in for files that are wrong. */
  readonly troubled: readonly { image: string; reason: string }[];
}

/**
 * Looks at every image for which something may have changed since the last look: starts builds of those that a schedule, an index, a
 * changed spec or a mended vulnerability calls for, and judges again those whose policies, tests, accounts or known vulnerabilities changed.
 */
export async function tick(given: TickPorts, { rejudge, ...others }: TickOptions = {}): Promise<TickResult> {
  const ports = askedOnce(given);
  const options = { ...others, rejudge: rejudge && { ...rejudge, advisories: ports.advisories, specs: ports.specs } };
  const images = await ports.catalog.listImages();
  const isTouched = touchedImages(ports);
  const since = await sinceLastLook(ports, images, isTouched);
  const result = {
    started: [] as TickResult['started'][number][],
    rejudged: [] as Rejudged[],
    troubled: [] as TickResult['troubled'][number][],
  };
  for (const { name: image } of images) {
    try {
      const seen = await since.unchanged(image);
      const look = seen ? undefined : await lookAndStart(ports, image, { ...options, isTouched }, since);
      result.rejudged.push(...(look?.rejudged ?? []));
      for (const reason of look?.warnings ?? seen ?? []) result.troubled.push({ image, reason });
      if (look?.cause) result.started.push({ image, cause: look.cause });
    } catch (error) {
      // One image's trouble must not keep the others from being looked at.
      result.troubled.push({ image, reason: (error as Error).message });
    }
  }
  await since.keep();
  return result;
}

async function lookAndStart(
  ports: TickPorts,
  image: string,
  options: LookOptions,
  since: SinceLastLook,
): Promise<Look> {
  const loaded = await ports.specs.load(image);
  const saw = await since.begin(loaded);
  const look = await lookAtImage(ports, loaded, options);
  if (look.cause) await startBuild(ports, image, look.cause, look.remember);
  else await look.remember();
  await saw(look);
  return look;
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
