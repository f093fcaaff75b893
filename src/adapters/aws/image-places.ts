import type { EC2Client, Image } from '@aws-sdk/client-ec2';
import type { SSMClient } from '@aws-sdk/client-ssm';
import { KilnError } from '../../model/error.ts';
import type { ImagePlace } from '../../ports/image-registry.ts';
import { copiesOf, placeName, regionOf, regionsOf } from './copy-image.ts';
import { TAG, tagOf } from './ec2-images.ts';
import type { KeyGrants } from './launch-permissions.ts';

/** One region as far as images in it go. */
export interface Place {
  readonly ec2: EC2Client;
  readonly ssm: SSMClient;
  /** Encrypts snapshots there; accounts get a grant for it together with the image. */
  readonly kmsKeyArn?: string;
  readonly keyGrants?: KeyGrants;
  /** Why no copy can be made there; what is there already can be handled. */
  readonly unusable?: string;
}

/** A registry's own region, and the way to others. */
export interface Home extends Place {
  /** Other regions, or this one under another key, for copies; without it there is one place only. */
  readonly elsewhere?: (where: ImagePlace) => Promise<Place>;
}

/** An image or one of its copies, where it is. */
export interface Placed {
  /** Of the place: see `placeName`. */
  readonly name: string;
  readonly place: Place;
  readonly image: Image;
}

/** Whether it is a region's own image or copy, and not one under an account's key. */
export const isRegions = ({ name }: Placed): boolean => !name.includes(':');

/** Name of a place; `local` is the registry's own region, as on one machine. */
export async function nameOf({ ec2 }: Home, where: string | ImagePlace): Promise<string> {
  const { region, key } = typeof where === 'string' ? { region: where, key: undefined } : where;
  return placeName({ region: region === 'local' ? await ec2.config.region() : region, key });
}

/** The image and its copies. */
export async function everywhere(registry: Home, image: Image): Promise<Placed[]> {
  const { ec2, elsewhere } = registry;
  const own: Placed = { name: await ec2.config.region(), place: registry, image };
  if (!elsewhere) return [own];
  const clients = await byRegion(registry, regionsOf(image));
  const copies = await copiesOf(image, (region) => (clients.get(region) as Place).ec2);
  const placed = [...copies].map(async ([name, copy]) => {
    const key = tagOf(copy, TAG.keyOf);
    const place = key === undefined ? clients.get(name) : await elsewhere({ region: regionOf(name), key });
    return { name, place: place as Place, image: copy };
  });
  return [own, ...(await Promise.all(placed))];
}

async function byRegion({ elsewhere }: Home, regions: readonly string[]): Promise<Map<string, Place>> {
  const places = regions.map(async (region) => [region, await elsewhere?.({ region })] as const);
  return new Map((await Promise.all(places)) as [string, Place][]);
}

/** The image at a place: itself, or its finished copy. Throws NOT_FOUND. */
export async function placedIn(registry: Home, image: Image, where: string | ImagePlace | undefined): Promise<Placed> {
  const [own, ...copies] = await everywhere(registry, image);
  const name = where ? await nameOf(registry, where) : own?.name;
  if (own?.name === name) return own as Placed;
  const found = copies.find((it) => it.name === name);
  if (found?.image.State === 'available') return found;
  throw new KilnError('NOT_FOUND', `${image.ImageId} has no finished copy in ${name}`, {
    hint: 'copying goes before sharing',
  });
}

/** Every place is tried, whatever another one says; then the first error is thrown. */
export async function forAll(placed: readonly Placed[], work: (it: Placed) => Promise<void>): Promise<void> {
  const done = await Promise.allSettled(placed.map(work));
  for (const it of done) if (it.status === 'rejected') throw it.reason;
}
