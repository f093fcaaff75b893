import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ImageRegistry, RegisterRequest } from '../../src/ports/image-registry.ts';

const [ONE, TWO, THREE] = ['111111111111', '222222222222', '333333333333'] as const;

export interface OpenRegistry {
  readonly registry: ImageRegistry;
  /** Digest of a disk image of the store that the registry takes disks from. */
  readonly diskDigest: string;
  /** Digest of another one. */
  readonly otherDigest: string;
  /** Whether an image that is registered now has the other disk. */
  hasOther(imageId: string): Promise<boolean>;
}

/** What every image registry must do, wherever its images are. `open` gives an empty one. */
export function imageRegistryContract(name: string, open: () => Promise<OpenRegistry>): void {
  describe(`image registry: ${name}`, () => {
    let opened: OpenRegistry;
    let registry: ImageRegistry;
    let request: RegisterRequest;
    let next: RegisterRequest;
    beforeEach(async () => {
      opened = await open();
      registry = opened.registry;
      const { diskDigest } = opened;
      // Registries may be shared between tests: names of their own keep them apart.
      const image = `web-${randomUUID().slice(0, 8)}`;
      next = { image, version: 2, diskDigest, description: 'a web server', tags: { team: 'x' }, key: `${image}-2` };
      request = { ...next, version: 1, key: `${image}-1` };
    });
    const sharedWith = async (imageId: string) => (await registry.describe(imageId))?.sharedWith;

    test('a registered image is private, and nobody’s but its owner’s', async () => {
      const image = await registry.register(request);
      expect(await registry.describe(image.imageId)).toMatchObject({
        imageId: image.imageId,
        state: 'private',
        sharedWith: [],
      });
    });

    test('who may copy it is told, and no longer may where it is shared without that', async () => {
      const { imageId } = await registry.register(request);
      const readableBy = async () => (await registry.describe(imageId))?.readableBy;
      await registry.share(imageId, [ONE, TWO], undefined, { copy: true });
      const told = await readableBy();
      if (told === undefined) return;
      expect(told).toEqual([ONE, TWO]);
      await registry.share(imageId, [ONE], undefined, { copy: false });
      expect(await readableBy()).toEqual([TWO]);
      expect(await sharedWith(imageId)).toEqual([ONE, TWO]);
      await registry.revoke(imageId, [TWO]);
      expect(await readableBy()).toEqual([]);
    });

    test('registering twice with one key gives one image', async () => {
      const first = await registry.register(request);
      expect((await registry.register(request)).imageId).toBe(first.imageId);
      const second = await registry.register(next);
      expect(second.imageId).not.toBe(first.imageId);
    });

    test('registering again with another disk replaces the image, and gives it to nobody', async () => {
      const first = await registry.register(request);
      await registry.share(first.imageId, [ONE]);
      const { imageId } = await registry.register({ ...request, diskDigest: opened.otherDigest });
      expect(await registry.describe(imageId)).toMatchObject({ state: 'private', sharedWith: [] });
      expect(await opened.hasOther(imageId)).toBe(true);
      if (imageId !== first.imageId) expect(await registry.describe(first.imageId)).toBeUndefined();
    });

    test('registering again takes no grant away', async () => {
      const { imageId } = await registry.register(request);
      await registry.share(imageId, [ONE]);
      expect(await registry.register(request)).toEqual({ imageId, state: 'available', sharedWith: [ONE] });
    });

    test('an image that nobody registered is not there', async () => {
      const { imageId } = await registry.register(request);
      await registry.deregister(imageId);
      expect(await registry.describe(imageId)).toBeUndefined();
      await expect(registry.share(imageId, [ONE])).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(registry.alias(`${request.image}/latest`, imageId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    test('sharing makes it available to the named accounts only, once each', async () => {
      const { imageId } = await registry.register(request);
      await registry.share(imageId, [TWO, ONE]);
      await registry.share(imageId, [ONE]);
      expect(await registry.describe(imageId)).toMatchObject({ imageId, state: 'available', sharedWith: [ONE, TWO] });
    });

    test('revoking takes from the named accounts only; revoking what nobody has does nothing', async () => {
      const { imageId } = await registry.register(request);
      await registry.share(imageId, [ONE, TWO]);
      await registry.revoke(imageId, [ONE, THREE]);
      await registry.revoke(imageId, [ONE]);
      expect(await sharedWith(imageId)).toEqual([TWO]);
    });

    test('a quarantined image is nobody’s and can’t be shared again', async () => {
      const { imageId } = await registry.register(request);
      await registry.share(imageId, [ONE, TWO]);
      await registry.quarantine(imageId, 'a test failed');
      await registry.quarantine(imageId, 'a test failed');
      expect(await registry.describe(imageId)).toMatchObject({ imageId, state: 'quarantined', sharedWith: [] });
      await expect(registry.share(imageId, [ONE])).rejects.toMatchObject({ code: 'REFUSED' });
      expect(await sharedWith(imageId)).toEqual([]);
    });

    test('every call on an image that is gone is safe to repeat', async () => {
      const { imageId } = await registry.register(request);
      await registry.deregister(imageId);
      await registry.deregister(imageId);
      await registry.revoke(imageId, [ONE]);
      await registry.quarantine(imageId, 'late');
      expect(await registry.describe(imageId)).toBeUndefined();
    });

    test('an alias is taken away, and taken away again', async () => {
      const { imageId } = await registry.register(request);
      await registry.alias(`${request.image}/latest`, imageId);
      await registry.unalias?.(`${request.image}/latest`);
      await registry.unalias?.(`${request.image}/latest`);
      await registry.alias(`${request.image}/latest`, imageId);
    });

    test('a deprecated image is shared with whom it was shared', async () => {
      const { imageId } = await registry.register(request);
      await registry.share(imageId, [ONE]);
      await registry.deprecate?.(imageId, '2099-01-01T00:00:00.000Z');
      await registry.deprecate?.(imageId, '2099-01-01T00:00:00.000Z');
      expect(await registry.describe(imageId)).toMatchObject({ imageId, state: 'available', sharedWith: [ONE] });
    });

    test('an alias moves to another version', async () => {
      const first = await registry.register(request);
      const second = await registry.register(next);
      await registry.alias(`${request.image}/latest`, first.imageId);
      await registry.alias(`${request.image}/latest`, second.imageId);
      await registry.alias(`${request.image}/latest`, second.imageId);
    });

    test('an alias that is taken away, also twice, leaves the image as it was', async () => {
      const { imageId } = await registry.register(request);
      await registry.alias(`${request.image}/latest`, imageId);
      await registry.unalias?.(`${request.image}/latest`);
      await registry.unalias?.(`${request.image}/latest`);
      expect((await registry.describe(imageId))?.state).toBe('private');
    });

    test('advising against an image takes it from nobody', async () => {
      const { imageId } = await registry.register(request);
      await registry.share(imageId, [ONE]);
      await registry.deprecate?.(imageId, '2030-01-01T00:00:00.000Z');
      await registry.deprecate?.(imageId, '2030-01-01T00:00:00.000Z');
      expect(await registry.describe(imageId)).toMatchObject({ imageId, state: 'available', sharedWith: [ONE] });
    });

    test('its own place has no need of a copy, and what is shared there is shared', async () => {
      const { imageId } = await registry.register(request);
      const copied = await registry.copy?.(imageId, { region: 'local' });
      if (copied) expect(copied).toEqual({ kind: 'available', imageId });
      await registry.share(imageId, [ONE], { region: 'local' }, { copy: false });
      expect(await sharedWith(imageId)).toEqual([ONE]);
      await registry.revoke(imageId, [ONE], { region: 'local' });
      expect(await sharedWith(imageId)).toEqual([]);
    });
  });
}
