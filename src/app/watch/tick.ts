import type { Cause } from '../../model/build.ts';
import type { Rejudged } from '../rejudge/rejudge-image.ts';
import { askedOnce } from './asked-once.ts';
import { type Look, type LookOptions, type LookPorts, lookAtImage } from './look-at-image.ts';
import { type SinceLastLook, sinceLastLook } from './since-last-look.ts';
import { startWanted, type WantedBuild } from './start-wanted.ts';
import { touchedImages } from './touched-images.ts';

export type TickPorts = LookPorts;

export interface TickOptions extends Omit<LookOptions, 'isTouched'> {
  /** Milliseconds since the epoch: what was not looked at by then is left to the next look. Default: all is looked at. */
  readonly until?: number;
}

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
export async function tick(given: TickPorts, { rejudge, until, ...others }: TickOptions = {}): Promise<TickResult> {
  const ports = askedOnce(given);
  const options = { ...others, rejudge: rejudge && { ...rejudge, advisories: ports.advisories, specs: ports.specs } };
  const images = await ports.catalog.listImages();
  const isTouched = touchedImages(ports);
  const since = await sinceLastLook(ports, images, isTouched);
  const result = {
    rejudged: [] as Rejudged[],
    troubled: [] as TickResult['troubled'][number][],
  };
  const wanted: WantedBuild[] = [];
  for (const [at, { name: image }] of images.entries()) {
    if (until !== undefined && ports.clock.now() >= until) {
      ports.progress.note(`${images.length - at} of ${images.length} images are left to the next look`);
      break;
    }
    try {
      const seen = await since.unchanged(image);
      const look = seen ? undefined : await lookOnce(ports, image, { ...options, isTouched }, since, wanted);
      result.rejudged.push(...(look?.rejudged ?? []));
      for (const reason of look?.warnings ?? seen ?? []) result.troubled.push({ image, reason });
    } catch (error) {
      // One image's trouble must not keep the others from being looked at.
      result.troubled.push({ image, reason: (error as Error).message });
    }
  }
  const { started, troubled } = await startWanted(ports, wanted);
  await since.keep();
  return { ...result, started, troubled: [...result.troubled, ...troubled] };
}

async function lookOnce(
  ports: TickPorts,
  image: string,
  options: LookOptions,
  since: SinceLastLook,
  wanted: WantedBuild[],
): Promise<Look> {
  const loaded = await ports.specs.load(image);
  const saw = await since.begin(loaded);
  const look = await lookAtImage(ports, loaded, options);
  const { cause, remember } = look;
  if (cause) wanted.push({ image, cause, remember, saw: () => saw(look) });
  else await remember().then(() => saw(look));
  return look;
}
