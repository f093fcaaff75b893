import type { ImageVersion } from '../../model/build.ts';
import { KilnError } from '../../model/error.ts';
import type { Catalog } from '../../ports/catalog.ts';

/** `nginx` (what `latest` means), `nginx@3`, or `nginx@alias`. */
export interface ImageReference {
  readonly image: string;
  readonly version?: number;
  readonly alias?: string;
}

/** Reads `IMAGE[@VERSION]`. Throws USAGE. */
export function parseReference(text: string): ImageReference {
  const match = /^([a-z0-9][a-z0-9-]*)(?:@(?:(\d+)|([a-z][a-z0-9-]*)))?$/.exec(text);
  if (!match)
    throw new KilnError('USAGE', `${text} is not an image`, { hint: 'write NAME, NAME@VERSION or NAME@ALIAS' });
  const [, image, version, alias] = match;
  return { image: image as string, ...(version ? { version: Number(version) } : {}), ...(alias ? { alias } : {}) };
}

/** The version that a reference means. Throws NOT_FOUND with what there is. */
export async function requireVersion(catalog: Catalog, reference: ImageReference): Promise<ImageVersion> {
  const { image } = reference;
  const number = reference.version ?? (await catalog.aliases(image))[reference.alias ?? 'latest'];
  const found = number === undefined ? undefined : await catalog.getVersion(image, number);
  if (found) return found;
  throw await missing(catalog, reference);
}

async function missing(catalog: Catalog, { image, version, alias }: ImageReference): Promise<KilnError> {
  const versions = await catalog.listVersions(image);
  if (versions.length > 0) {
    const which = version ?? alias ?? 'latest';
    const listed = versions.map((it) => `${image}@${it.version} (${it.state})`).join(', ');
    return new KilnError('NOT_FOUND', `no version ${which} of ${image}`, { hint: `there is ${listed}` });
  }
  const images = (await catalog.listImages()).map((it) => it.name);
  if (images.includes(image))
    return new KilnError('NOT_FOUND', `${image} was never built to its end`, { hint: `kiln build ${image}` });
  const hint = images.length > 0 ? `known images: ${images.join(', ')}` : 'kiln build PATH makes one from a spec';
  return new KilnError('NOT_FOUND', `no image ${image}`, { hint });
}
