import { CopyImageCommand, type EC2Client, type Image } from '@aws-sdk/client-ec2';
import { sha256 } from '../../model/canonical.ts';
import type { CopyState, ImagePlace } from '../../ports/image-registry.ts';
import { errorName } from './aws-fault.ts';
import {
  findImage,
  findOwn,
  refuseQuarantined,
  removeImage,
  requireImage,
  TAG,
  tag,
  tagList,
  tagOf,
} from './ec2-images.ts';

export interface CopyPlaces {
  /** Where the image was registered. */
  readonly source: EC2Client;
  readonly target: EC2Client;
  /** Encrypts the copy; a key of the target's region. */
  readonly kmsKeyArn?: string;
  /** Where it goes, as the tags of source and copy name it: see `placeName`. */
  readonly name: string;
  /** The key, where it is not the region's own. */
  readonly ownKey?: string;
}

/** Name of a place in tags, and what it is made of: the region, and a key of its own by the first digits of its digest. */
export function placeName({ region, key }: ImagePlace): string {
  return key === undefined ? region : `${region}:${sha256(key).slice(0, 12)}`;
}

/** Value of a copy's tag from before it is asked for until its id is known. */
const BEGUN = 'begun';

/** Errors of a region that does not take copies from this account: no fault of the request, and no use to repeat it now. */
const REFUSALS = ['AuthFailure', 'OptInRequired', 'UnauthorizedOperation', 'AccessDenied', 'ResourceLimitExceeded'];

/**
 * CopyImage into the target's region, or how far an earlier one is. The client token makes one copy however often it is asked for;
 * one that failed there is replaced. A region that refuses is a value: the others go on.
 */
export async function copyImage(places: CopyPlaces, imageId: string): Promise<CopyState> {
  const { source, target, name } = places;
  const image = await requireImage(source, imageId);
  refuseQuarantined(image, 'copied');
  const copies = (await findOwn(target, `tag:${TAG.source}`, imageId)).filter((it) => tagOf(it, TAG.place) === name);
  const live = copies.find((it) => it.State === 'available' || it.State === 'pending');
  try {
    const state = live ? stateOfCopy(live) : await begin(places, image, copies[0]?.ImageId);
    await note(source, image, name, state.imageId);
    for (const failed of copies.filter((it) => it !== live)) await removeImage(target, failed);
    return state;
  } catch (error) {
    const reason = refusalOf(error);
    if (reason === undefined) throw error;
    return { kind: 'failed', reason: `${await target.config.region()} refuses the copy: ${reason}` };
  }
}

type Live = Extract<CopyState, { imageId: string }>;

const stateOfCopy = ({ State, ImageId }: Image): Live => ({
  kind: State === 'available' ? 'available' : 'pending',
  imageId: ImageId as string,
});

/** `failed` is the copy that this one is made instead of: part of the token, which would bring that one back. */
async function begin(
  { source, target, kmsKeyArn, name, ownKey }: CopyPlaces,
  image: Image,
  failed?: string,
): Promise<Live> {
  // Said before it is asked for, so that whoever removes the image looks there as well.
  await note(source, image, name, BEGUN);
  const kept = (image.Tags ?? []).filter((it) => !it.Key?.startsWith(TAG.copy) && !it.Key?.startsWith('aws:'));
  const own = Object.fromEntries(kept.map((it) => [it.Key ?? '', it.Value ?? '']));
  const placed = {
    [TAG.source]: image.ImageId as string,
    [TAG.place]: name,
    ...(ownKey ? { [TAG.keyOf]: ownKey } : {}),
  };
  const Tags = tagList({ ...own, [TAG.state]: 'private', ...placed });
  const answer = await target.send(
    new CopyImageCommand({
      Name: name.includes(':') ? `${image.Name}/${name.split(':')[1]}` : image.Name,
      Description: image.Description,
      SourceImageId: image.ImageId,
      SourceRegion: await source.config.region(),
      ClientToken: sha256([image.ImageId, name, failed].join(' ')),
      ...(kmsKeyArn === undefined ? {} : { Encrypted: true, KmsKeyId: kmsKeyArn }),
      TagSpecifications: [
        { ResourceType: 'image', Tags },
        { ResourceType: 'snapshot', Tags },
      ],
    }),
  );
  return { kind: 'pending', imageId: answer.ImageId as string };
}

async function note(source: EC2Client, image: Image, name: string, value: string): Promise<void> {
  if (tagOf(image, TAG.copy + name) === value) return;
  await tag(source, [image.ImageId as string], { [TAG.copy + name]: value });
}

/** What a region said that does not take the copy; undefined for every other error. */
function refusalOf(error: unknown): string | undefined {
  const cause = (error as { cause?: unknown }).cause ?? error;
  const name = errorName(cause);
  return REFUSALS.includes(name) ? `${name}: ${(cause as Error).message}` : undefined;
}

/** The copies of an image by the name of their place; `at` gives the client of a region. One that was begun and never noted is found by its tag. */
export async function copiesOf(image: Image, at: (region: string) => EC2Client): Promise<Map<string, Image>> {
  const found = new Map<string, Image>();
  for (const [name, id] of notedCopies(image)) {
    const client = at(regionOf(name));
    const own = id === BEGUN ? await findOwn(client, `tag:${TAG.source}`, image.ImageId as string) : [];
    const copy = id === BEGUN ? own.find((it) => tagOf(it, TAG.place) === name) : await findImage(client, id);
    if (copy) found.set(name, copy);
  }
  return found;
}

/** Places that copies were begun for, by name. */
function notedCopies(image: Image): [name: string, id: string][] {
  return (image.Tags ?? []).flatMap(({ Key = '', Value = '' }): [string, string][] =>
    Key.startsWith(TAG.copy) ? [[Key.slice(TAG.copy.length), Value]] : [],
  );
}

/** Regions in which an image has copies. */
export function regionsOf(image: Image): string[] {
  return [...new Set(notedCopies(image).map(([name]) => regionOf(name)))];
}

/** Region of a place's name. */
export const regionOf = (name: string): string => name.split(':')[0] as string;
