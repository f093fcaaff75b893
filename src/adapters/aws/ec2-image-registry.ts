import {
  DeregisterImageCommand,
  DescribeSnapshotsCommand,
  DisableImageCommand,
  EnableImageDeprecationCommand,
  type Image,
} from '@aws-sdk/client-ec2';
import type {
  CopyState,
  ImagePlace,
  ImageRegistry,
  RegisteredImage,
  RegisterRequest,
} from '../../ports/image-registry.ts';
import { abandonRegistration } from './abandon-registration.ts';
import { pointAlias, readAlias, removeAlias } from './alias-parameters.ts';
import { copyImage, regionOf } from './copy-image.ts';
import {
  deleteSnapshot,
  findImage,
  refuseQuarantined,
  removeImage,
  requireImage,
  snapshotsOf,
  stateOf,
  TAG,
  tag,
  tagOf,
} from './ec2-images.ts';
import { adoptImage, type Registration, registerDisk } from './ec2-registration.ts';
import { everywhere, forAll, type Home, isRegions, nameOf, type Placed, placedIn } from './image-places.ts';
import { referencesTo } from './image-references.ts';
import { launchPermissions, sharedWith, snapshotPermissions } from './launch-permissions.ts';

export interface Ec2Registry extends Home, Registration {
  /** Aliases are SSM parameters below this path; default `/kiln/images`. */
  readonly aliasPath?: string;
}

/** Machine images as AMIs whose snapshot is written block by block; state, key and copies are in their tags. */
export function ec2ImageRegistry(registry: Ec2Registry): ImageRegistry {
  const { ec2, aliasPath = '/kiln/images' } = registry;
  return {
    home: () => ec2.config.region(),
    encrypts: registry.kmsKeyArn !== undefined,
    register: (request) => register(registry, request),
    async describe(imageId) {
      const image = await findImage(ec2, imageId);
      return image && described(registry, image);
    },
    async share(imageId, principals, where, rights) {
      const image = await requireImage(ec2, imageId);
      refuseQuarantined(image, 'shared');
      await giveTo(await placedIn(registry, image, where), principals, rights?.copy ?? true);
    },
    async revoke(imageId, principals, where) {
      const image = await findImage(ec2, imageId);
      if (!image) return;
      const name = where && (await nameOf(registry, where));
      const all = await everywhere(registry, image);
      await forAll(
        all.filter((it) => name === undefined || it.name === name),
        (it) => takeBack(it, principals),
      );
    },
    async quarantine(imageId, reason) {
      const image = await findImage(ec2, imageId);
      if (image) await forAll(await everywhere(registry, image), (it) => disable(it, reason));
    },
    deregister: (imageId) => deregister(registry, imageId),
    abandon: (key) => abandonRegistration(ec2, key),
    async deprecate(imageId, at) {
      const image = await requireImage(ec2, imageId);
      await forAll(await everywhere(registry, image), async ({ place, image: { ImageId } }) => {
        await place.ec2.send(new EnableImageDeprecationCommand({ ImageId, DeprecateAt: new Date(at) }));
      });
    },
    copy: (imageId, where) => copy(registry, imageId, where),
    async alias(name, imageId) {
      const placed = await everywhere(registry, await requireImage(ec2, imageId));
      await forAll(placed.filter(isRegions), (it) => pointAlias(it.place.ssm, `${aliasPath}/${name}`, it.image));
    },
    async unalias(name) {
      const image = await aliased(registry, `${aliasPath}/${name}`);
      const placed = image ? await everywhere(registry, image) : [];
      await forAll(placed.filter(isRegions), (it) => removeAlias(it.place.ssm, `${aliasPath}/${name}`));
      await removeAlias(registry.ssm, `${aliasPath}/${name}`);
    },
    async references(imageId) {
      const image = await findImage(ec2, imageId);
      const placed = image ? await everywhere(registry, image) : [];
      return (await Promise.all(placed.map((it) => referencesTo(it.place.ec2, it.image)))).flat();
    },
  };
}

async function register(registry: Ec2Registry, request: RegisterRequest): Promise<RegisteredImage> {
  const imageId =
    request.made === undefined
      ? await registerDisk(registry, request)
      : await adoptImage(registry, request, request.made);
  return described(registry, await requireImage(registry.ec2, imageId));
}

async function copy(registry: Ec2Registry, imageId: string, where: string | ImagePlace): Promise<CopyState> {
  const { ec2, elsewhere } = registry;
  const name = await nameOf(registry, where);
  if (name === (await ec2.config.region())) return { kind: 'available', imageId };
  if (!elsewhere) return { kind: 'failed', reason: `${name} is not among the regions of this deployment` };
  const key = typeof where === 'string' ? undefined : where.key;
  const target = await elsewhere({ region: regionOf(name), key });
  if (target.unusable !== undefined) return { kind: 'failed', reason: target.unusable };
  return copyImage({ source: ec2, target: target.ec2, kmsKeyArn: target.kmsKeyArn, name, ownKey: key }, imageId);
}

async function described(registry: Ec2Registry, image: Image): Promise<RegisteredImage> {
  const [own, ...copies] = await Promise.all(
    (await everywhere(registry, image)).map(async ({ name, place, image: it }) => {
      const imageId = it.ImageId as string;
      const key = tagOf(it, TAG.keyOf);
      const facts = { imageId, state: stateOf(it), sharedWith: await sharedWith(place.ec2, imageId) };
      return { ...facts, region: regionOf(name), ...(key ? { key } : {}) };
    }),
  );
  if (!own) throw new Error('internal: an image is nowhere');
  const { imageId, state, sharedWith: accounts } = own;
  return { imageId, state, sharedWith: accounts, ...(copies.length > 0 ? { copies } : {}) };
}

/** The key and the snapshot first: whoever may launch it can. */
async function giveTo({ place, image }: Placed, principals: readonly string[], copy: boolean): Promise<void> {
  const { ec2, keyGrants } = place;
  const imageId = image.ImageId as string;
  await keyGrants?.give(imageId, principals);
  if (copy) await snapshotPermissions(ec2, snapshotsOf(image), 'add', principals);
  await launchPermissions(ec2, imageId, 'add', principals);
  if (stateOf(image) === 'private') await tag(ec2, [imageId], { [TAG.state]: 'available' });
}

/** Launching first: killed half-way, an account can do less than is recorded, never more. */
async function takeBack({ place: { ec2, keyGrants }, image }: Placed, principals: readonly string[]): Promise<void> {
  await launchPermissions(ec2, image.ImageId as string, 'remove', principals);
  await snapshotPermissions(ec2, snapshotsOf(image), 'remove', principals);
  await keyGrants?.takeBack(image.ImageId as string, principals);
}

async function disable(placed: Placed, reason: string): Promise<void> {
  const { place, image } = placed;
  const imageId = image.ImageId as string;
  // A copy that is still being made can't be disabled, and nobody needs it any more.
  if (image.State === 'pending') return removeImage(place.ec2, image);
  await takeBack(placed, await sharedWith(place.ec2, imageId));
  await place.ec2.send(new DisableImageCommand({ ImageId: imageId }));
  await tag(place.ec2, [imageId], { [TAG.state]: 'quarantined', [TAG.quarantinedFor]: reason });
}

/** The image that an alias names here. */
async function aliased({ ec2, ssm }: Ec2Registry, name: string): Promise<Image | undefined> {
  const imageId = await readAlias(ssm, name);
  return imageId === undefined ? undefined : findImage(ec2, imageId);
}

async function deregister(registry: Ec2Registry, imageId: string): Promise<void> {
  const { ec2 } = registry;
  const image = await findImage(ec2, imageId);
  // The image says which snapshots are its own; where it is gone already, their tag does.
  const Filters = [{ Name: `tag:${TAG.imageId}`, Values: [imageId] }];
  const tagged = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters }));
  if (image) {
    const [own, ...copies] = await everywhere(registry, image);
    // Its tags say where the copies are: it goes last.
    await forAll(copies, async (it) => {
      await it.place.keyGrants?.takeBack(
        it.image.ImageId as string,
        await sharedWith(it.place.ec2, it.image.ImageId as string),
      );
      await removeImage(it.place.ec2, it.image);
    });
    await own?.place.keyGrants?.takeBack(imageId, await sharedWith(ec2, imageId));
    await ec2.send(new DeregisterImageCommand({ ImageId: imageId }));
  }
  const snapshots = [
    ...(image ? snapshotsOf(image) : []),
    ...(tagged.Snapshots ?? []).map((it) => it.SnapshotId ?? ''),
  ];
  for (const id of new Set(snapshots)) await deleteSnapshot(ec2, id);
}
