import { setTimeout as sleep } from 'node:timers/promises';
import type { EBSClient } from '@aws-sdk/client-ebs';
import { DescribeSnapshotsCommand, type EC2Client, RegisterImageCommand } from '@aws-sdk/client-ec2';
import { sha256 } from '../../model/canonical.ts';
import { KilnError } from '../../model/error.ts';
import type { RegisterRequest } from '../../ports/image-registry.ts';
import { errorName } from './aws-fault.ts';
import { writeSnapshot } from './ebs-snapshot.ts';
import {
  deleteSnapshot,
  findOwn,
  removeImage,
  requireImage,
  snapshotsOf,
  snapshotsOfKey,
  TAG,
  tag,
  tagList,
  tagOf,
} from './ec2-images.ts';
import type { StreamingStore } from './s3-artifact-store.ts';

export interface Registration {
  readonly ec2: EC2Client;
  readonly ebs: EBSClient;
  readonly store: Pick<StreamingStore, 'stream'>;
  /** Folder for the journals of snapshots being written. */
  readonly work: string;
  readonly kmsKeyArn?: string;
}

const ROOT_DEVICE = '/dev/xvda';
const READY_TRIES = 300;
/** Tag with the digest of the disk that an AMI and its snapshot were made of. */
const DISK = 'kiln:disk';

/**
 * Makes the AMI of a disk, or finds the one that this request made before; gives its id. One of another disk, made
 * before its build was interrupted and resolved anew, is replaced.
 */
export async function registerDisk(to: Registration, request: RegisterRequest): Promise<string> {
  const [known] = await findOwn(to.ec2, 'name', imageName(request));
  if (known && tagOf(known, DISK) === request.diskDigest) return known.ImageId as string;
  if (known) await removeImage(to.ec2, known);
  const snapshotId = await snapshotOf(to, request);
  await ready(to.ec2, snapshotId);
  const imageId = await registerSnapshot(to.ec2, request, snapshotId);
  await tag(to.ec2, [snapshotId], { [TAG.imageId]: imageId });
  await removeOthers(to.ec2, request.key, snapshotId);
  return imageId;
}

/** Snapshots of the same build that nothing is made of: of a disk that it has no more, or given up while they were written. */
async function removeOthers(ec2: EC2Client, key: string, kept: string): Promise<void> {
  for (const id of await snapshotsOfKey(ec2, key)) if (id !== kept) await deleteSnapshot(ec2, id);
}

/** Takes an AMI over that something else made in this account: from now on its tags are those of one that Kiln registered. Throws NOT_FOUND. */
export async function adoptImage({ ec2 }: Registration, request: RegisterRequest, imageId: string): Promise<string> {
  const image = await requireImage(ec2, imageId);
  const own = { ...tagsOf(request), Name: `${request.image} ${request.version}` };
  await tag(ec2, [imageId], { [TAG.state]: tagOf(image, TAG.state) ?? 'private', ...own });
  for (const id of snapshotsOf(image)) await tag(ec2, [id], { ...tagsOf(request), [TAG.imageId]: imageId });
  return imageId;
}

/** Name of an AMI: unique in its account and region, so it is what makes registration happen once. */
function imageName({ image, version, key }: RegisterRequest): string {
  return `kiln/${image}/${version}/${sha256(key).slice(0, 12)}`;
}

async function snapshotOf(to: Registration, request: RegisterRequest): Promise<string> {
  return writeSnapshot(to.ebs, {
    disk: await to.store.stream(request.diskDigest),
    description: `${request.image} ${request.version}`,
    tags: tagsOf(request),
    key: `${request.key} ${request.diskDigest}`,
    kmsKeyArn: to.kmsKeyArn,
    work: to.work,
  });
}

function tagsOf({ image, version, diskDigest, tags, key }: RegisterRequest): Record<string, string> {
  return { ...tags, 'kiln:image': image, 'kiln:version': String(version), [DISK]: diskDigest, [TAG.key]: key };
}

/** Waits until the snapshot can be registered (EBS moves its blocks first). */
async function ready(ec2: EC2Client, snapshotId: string): Promise<void> {
  for (let tried = 0; tried < READY_TRIES; tried += 1) {
    const answer = await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [snapshotId] }));
    const state = answer.Snapshots?.[0]?.State;
    if (state === 'completed') return;
    if (state === 'error') break;
    await sleep(2_000);
  }
  const hint = 'the step can be repeated: it goes on where it was';
  throw new KilnError('DEPENDENCY_UNAVAILABLE', `snapshot ${snapshotId} did not become ready`, { hint });
}

/** RegisterImage: UEFI, ENA, NVMe, IMDSv2 only, gp3. */
async function registerSnapshot(ec2: EC2Client, request: RegisterRequest, snapshotId: string): Promise<string> {
  const tags = { ...tagsOf(request), Name: `${request.image} ${request.version}`, [TAG.state]: 'private' };
  const ebs = { SnapshotId: snapshotId, VolumeType: 'gp3' as const, DeleteOnTermination: true };
  try {
    const answer = await ec2.send(
      new RegisterImageCommand({
        Name: imageName(request),
        Description: request.description.slice(0, 255),
        Architecture: 'x86_64',
        BootMode: 'uefi',
        EnaSupport: true,
        ImdsSupport: 'v2.0',
        VirtualizationType: 'hvm',
        RootDeviceName: ROOT_DEVICE,
        BlockDeviceMappings: [{ DeviceName: ROOT_DEVICE, Ebs: ebs }],
        TagSpecifications: [{ ResourceType: 'image', Tags: tagList(tags) }],
      }),
    );
    return answer.ImageId as string;
  } catch (error) {
    // Another execution of the same step was faster.
    if (errorName(error) !== 'InvalidAMIName.Duplicate') throw error;
    return (await findOwn(ec2, 'name', imageName(request)))[0]?.ImageId as string;
  }
}
