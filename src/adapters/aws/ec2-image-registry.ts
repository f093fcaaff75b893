import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EBSClient } from '@aws-sdk/client-ebs';
import {
  CreateTagsCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  DisableImageCommand,
  type EC2Client,
  type Image,
  RegisterImageCommand,
} from '@aws-sdk/client-ec2';
import { PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { sha256 } from '../../model/canonical.ts';
import { KilnError } from '../../model/error.ts';
import type { ArtifactStore } from '../../ports/artifact-store.ts';
import type { ImageRegistry, RegisteredImage, RegisterRequest } from '../../ports/image-registry.ts';
import { errorName } from './aws-fault.ts';
import { writeSnapshot } from './ebs-snapshot.ts';
import { type KeyGrants, launchPermissions, sharedWith, snapshotPermissions } from './launch-permissions.ts';

export interface Ec2Registry {
  readonly ec2: EC2Client;
  readonly ebs: EBSClient;
  readonly ssm: SSMClient;
  readonly store: ArtifactStore;
  /** Folder for the journals of snapshots being written. */
  readonly work: string;
  /** Aliases are SSM parameters below this path; default `/kiln/images`. */
  readonly aliasPath?: string;
  /** Encrypts snapshots; accounts get a grant for the key together with the image. */
  readonly kmsKeyArn?: string;
  readonly keyGrants?: KeyGrants;
}

const ROOT_DEVICE = '/dev/xvda';
const STATE = 'kiln:state';
const KEY = 'kiln:key';
const IMAGE_ID = 'kiln:image-id';
const MAX_TAG = 256;

/** Machine images as AMIs whose snapshot is written block by block; state and key are in their tags. */
export function ec2ImageRegistry(registry: Ec2Registry): ImageRegistry {
  const { ec2, ssm, aliasPath = '/kiln/images' } = registry;
  const requireImage = async (imageId: string) => {
    const image = await findImage(ec2, imageId);
    if (!image) throw new KilnError('NOT_FOUND', `no image ${imageId} in the registry`, { hint: 'see: kiln images' });
    return image;
  };
  return {
    register: (request) => register(registry, request),
    async describe(imageId) {
      const image = await findImage(ec2, imageId);
      return image && registered(ec2, image);
    },
    async share(imageId, accounts) {
      const image = await requireImage(imageId);
      if (stateOf(image) === 'quarantined') {
        throw new KilnError('REFUSED', `${imageId} is quarantined: it can't be shared`, {
          hint: 'build the image again',
        });
      }
      await registry.keyGrants?.give(imageId, accounts);
      await snapshotPermissions(ec2, snapshotsOf(image), 'add', accounts);
      await launchPermissions(ec2, imageId, 'add', accounts);
      if (stateOf(image) === 'private') await tag(ec2, [imageId], { [STATE]: 'available' });
    },
    async revoke(imageId, accounts) {
      const image = await findImage(ec2, imageId);
      if (image) await takeBack(registry, image, accounts);
    },
    async quarantine(imageId, reason) {
      const image = await findImage(ec2, imageId);
      if (!image) return;
      await takeBack(registry, image, await sharedWith(ec2, imageId));
      await ec2.send(new DisableImageCommand({ ImageId: imageId }));
      await tag(ec2, [imageId], { [STATE]: 'quarantined', 'kiln:quarantined-for': reason.slice(0, MAX_TAG) });
    },
    deregister: (imageId) => deregister(registry, imageId),
    async alias(name, imageId) {
      await requireImage(imageId);
      const parameter = { Name: `${aliasPath}/${name}`, Value: imageId, Type: 'String' as const, Overwrite: true };
      await ssm.send(new PutParameterCommand({ ...parameter, DataType: 'aws:ec2:image' }));
    },
  };
}

/** Name of an AMI: unique in its account and region, so it is what makes registration happen once. */
function imageName({ image, version, key }: RegisterRequest): string {
  return `kiln/${image}/${version}/${sha256(key).slice(0, 12)}`;
}

async function register(registry: Ec2Registry, request: RegisterRequest): Promise<RegisteredImage> {
  const { ec2 } = registry;
  const known = await findNamed(ec2, imageName(request));
  if (known) return registered(ec2, known);
  const snapshotId = await snapshotOf(registry, request);
  await ready(ec2, snapshotId);
  const imageId = await registerSnapshot(ec2, request, snapshotId);
  await tag(ec2, [snapshotId], { [IMAGE_ID]: imageId });
  return { imageId, state: 'private', sharedWith: [] };
}

async function snapshotOf(registry: Ec2Registry, request: RegisterRequest): Promise<string> {
  const path = await registry.store.path(request.diskDigest);
  const { size } = await stat(path);
  return writeSnapshot(registry.ebs, {
    path,
    sizeBytes: size,
    description: `${request.image} ${request.version}`,
    tags: tagsOf(request),
    key: request.key,
    kmsKeyArn: registry.kmsKeyArn,
    work: registry.work,
  });
}

function tagsOf({ image, version, diskDigest, tags, key }: RegisterRequest): Record<string, string> {
  return { ...tags, 'kiln:image': image, 'kiln:version': String(version), 'kiln:disk': diskDigest, [KEY]: key };
}

const READY_TRIES = 300;

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
  const tags = { ...tagsOf(request), Name: `${request.image} ${request.version}`, [STATE]: 'private' };
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
    return (await findNamed(ec2, imageName(request)))?.ImageId as string;
  }
}

async function findImage(ec2: EC2Client, imageId: string): Promise<Image | undefined> {
  try {
    const answer = await ec2.send(new DescribeImagesCommand({ ImageIds: [imageId], IncludeDisabled: true }));
    return answer.Images?.[0];
  } catch (error) {
    if (errorName(error).startsWith('InvalidAMIID.')) return undefined;
    throw error;
  }
}

async function findNamed(ec2: EC2Client, name: string): Promise<Image | undefined> {
  const Filters = [{ Name: 'name', Values: [name] }];
  const answer = await ec2.send(new DescribeImagesCommand({ Owners: ['self'], Filters, IncludeDisabled: true }));
  return answer.Images?.[0];
}

async function registered(ec2: EC2Client, image: Image): Promise<RegisteredImage> {
  const imageId = image.ImageId as string;
  return { imageId, state: stateOf(image), sharedWith: await sharedWith(ec2, imageId) };
}

function stateOf(image: Image): RegisteredImage['state'] {
  const tagged = image.Tags?.find((it) => it.Key === STATE)?.Value;
  if (image.State === 'disabled' || tagged === 'quarantined') return 'quarantined';
  return tagged === 'available' ? 'available' : 'private';
}

const snapshotsOf = (image: Image): string[] =>
  (image.BlockDeviceMappings ?? []).flatMap((it) => it.Ebs?.SnapshotId ?? []);

/** Launching first: killed half-way, an account can do less than is recorded, never more. */
async function takeBack({ ec2, keyGrants }: Ec2Registry, image: Image, accounts: readonly string[]): Promise<void> {
  await launchPermissions(ec2, image.ImageId as string, 'remove', accounts);
  await snapshotPermissions(ec2, snapshotsOf(image), 'remove', accounts);
  await keyGrants?.takeBack(image.ImageId as string, accounts);
}

async function deregister(registry: Ec2Registry, imageId: string): Promise<void> {
  const { ec2, keyGrants } = registry;
  const image = await findImage(ec2, imageId);
  // The image says which snapshots are its own; where it is gone already, their tag does.
  const Filters = [{ Name: `tag:${IMAGE_ID}`, Values: [imageId] }];
  const tagged = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters }));
  if (image) {
    await keyGrants?.takeBack(imageId, await sharedWith(ec2, imageId));
    await ec2.send(new DeregisterImageCommand({ ImageId: imageId }));
  }
  const snapshots = [
    ...(image ? snapshotsOf(image) : []),
    ...(tagged.Snapshots ?? []).map((it) => it.SnapshotId ?? ''),
  ];
  for (const id of new Set(snapshots)) await deleteSnapshot(ec2, id);
}

async function deleteSnapshot(ec2: EC2Client, id: string): Promise<void> {
  try {
    await ec2.send(new DeleteSnapshotCommand({ SnapshotId: id }));
  } catch (error) {
    if (errorName(error) !== 'InvalidSnapshot.NotFound') throw error;
  }
}

const tagList = (tags: Readonly<Record<string, string>>) =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value: Value.slice(0, MAX_TAG) }));

async function tag(ec2: EC2Client, ids: readonly string[], tags: Readonly<Record<string, string>>): Promise<void> {
  await ec2.send(new CreateTagsCommand({ Resources: [...ids], Tags: tagList(tags) }));
}
