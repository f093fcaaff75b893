import {
  CreateTagsCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  type EC2Client,
  type Image,
} from '@aws-sdk/client-ec2';
import { KilnError } from '../../model/error.ts';
import type { RegisteredImage } from '../../ports/image-registry.ts';
import { errorName } from './aws-fault.ts';

/** What Kiln keeps in the tags of an AMI and its snapshot. */
export const TAG = {
  state: 'kiln:state',
  key: 'kiln:key',
  /** Of a snapshot: the AMI that it was made for. */
  imageId: 'kiln:image-id',
  quarantinedFor: 'kiln:quarantined-for',
  /** Of a copy: the AMI in the registry's own region that it is a copy of. */
  source: 'kiln:source',
  /** Of a copy: the name of its place. */
  place: 'kiln:place',
  /** Of a copy: the key that it is encrypted with, where that is not the region's own. */
  keyOf: 'kiln:image-key',
  /** Of an AMI with copies, one tag a place: the copy there, or `begun`. */
  copy: 'kiln:copy:',
} as const;
const MAX_TAG = 256;

/** An AMI by its id, also a disabled one; undefined where there is none. */
export async function findImage(ec2: EC2Client, imageId: string): Promise<Image | undefined> {
  try {
    const answer = await ec2.send(new DescribeImagesCommand({ ImageIds: [imageId], IncludeDisabled: true }));
    return answer.Images?.[0];
  } catch (error) {
    if (errorName(error).startsWith('InvalidAMIID.')) return undefined;
    throw error;
  }
}

/** An AMI by its id. Throws NOT_FOUND. */
export async function requireImage(ec2: EC2Client, imageId: string): Promise<Image> {
  const image = await findImage(ec2, imageId);
  if (!image) throw new KilnError('NOT_FOUND', `no image ${imageId} in the registry`, { hint: 'see: kiln images' });
  return image;
}

/** The account's own AMIs that a filter (such as `name` or `tag:kiln:source`) finds. */
export async function findOwn(ec2: EC2Client, filter: string, value: string): Promise<Image[]> {
  const Filters = [{ Name: filter, Values: [value] }];
  const answer = await ec2.send(new DescribeImagesCommand({ Owners: ['self'], Filters, IncludeDisabled: true }));
  return answer.Images ?? [];
}

/** Value of an AMI's tag. */
export function tagOf(image: Image, key: string): string | undefined {
  return image.Tags?.find((it) => it.Key === key)?.Value;
}

/** Kiln's state of an AMI, which EC2's own state overrules. */
export function stateOf(image: Image): RegisteredImage['state'] {
  const tagged = tagOf(image, TAG.state);
  if (image.State === 'disabled' || tagged === 'quarantined') return 'quarantined';
  return tagged === 'available' ? 'available' : 'private';
}

/** Throws REFUSED for a quarantined image; `what` can't be done to it. */
export function refuseQuarantined(image: Image, what: string): void {
  if (stateOf(image) !== 'quarantined') return;
  const hint = 'build the image again';
  throw new KilnError('REFUSED', `${image.ImageId} is quarantined: it can't be ${what}`, { hint });
}

/** Snapshots that an AMI's disks are made from. */
export function snapshotsOf(image: Image): string[] {
  return (image.BlockDeviceMappings ?? []).flatMap((it) => it.Ebs?.SnapshotId ?? []);
}

/** The account's own snapshots that were begun for a key, also half-written ones. */
export async function snapshotsOfKey(ec2: EC2Client, key: string): Promise<string[]> {
  const Filters = [{ Name: `tag:${TAG.key}`, Values: [key] }];
  const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters }));
  return Snapshots.flatMap((it) => it.SnapshotId ?? []);
}

/** Tags as EC2 takes them; values are cut to what fits. */
export function tagList(tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value: Value.slice(0, MAX_TAG) }));
}

/** Adds or replaces tags. */
export async function tag(
  ec2: EC2Client,
  ids: readonly string[],
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  await ec2.send(new CreateTagsCommand({ Resources: [...ids], Tags: tagList(tags) }));
}

/** Removes an AMI and its snapshots; those that are gone already are not missed. */
export async function removeImage(ec2: EC2Client, image: Image): Promise<void> {
  await ec2.send(new DeregisterImageCommand({ ImageId: image.ImageId }));
  for (const id of snapshotsOf(image)) await deleteSnapshot(ec2, id);
}

/** Removes a snapshot, unless it is gone already. */
export async function deleteSnapshot(ec2: EC2Client, id: string): Promise<void> {
  try {
    await ec2.send(new DeleteSnapshotCommand({ SnapshotId: id }));
  } catch (error) {
    if (errorName(error) !== 'InvalidSnapshot.NotFound') throw error;
  }
}
