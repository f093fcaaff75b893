import { randomUUID } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTagsCommand, DescribeImagesCommand, DescribeSnapshotsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { beforeEach, describe, expect, test } from 'vitest';
import { awsRegistry } from '../../src/adapters/aws/aws-ports.ts';
import type { Answer, Route } from '../support/emulator/door.ts';
import { onEmulator } from '../support/emulator/emulator.ts';
import { imageCopies, regionOf } from '../support/emulator/image-copies.ts';
import { type OpenedRegistry, openRegistry } from '../support/emulator/registry.ts';

const [VIRGINIA, OREGON] = ['us-east-1', 'us-west-2'] as const;
const ACCOUNT = '111111111111';
const UNIT = 'arn:aws:organizations::123456789012:ou/o-abcdefghij/ou-abcd-12345678';
const ORGANISATION = 'arn:aws:organizations::123456789012:organization/o-abcdefghij';

/** Regions that take no copies, and copies that were asked for. */
const door = { refusing: new Set<string>(), asked: [] as string[] };
const watch: Route = async (call) => {
  if (call.operation !== 'CopyImage') return undefined;
  door.asked.push(regionOf(call));
  return door.refusing.has(regionOf(call)) ? refusal('OptInRequired', 'the region is not enabled') : undefined;
};
const refusal = (code: string, message: string): Answer => ({
  status: 401,
  headers: { 'content-type': 'text/xml' },
  body: Buffer.from(
    `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors></Response>`,
  ),
});

onEmulator('images in many regions', () => {
  let opened: OpenedRegistry;
  let imageId: string;
  let name: string;
  const copy = (region: string, key?: string) => opened.registry.copy?.(imageId, { region, key });
  const copied = async (region: string, key?: string) => {
    for (let looks = 0; looks < 10; looks += 1) {
      const state = await copy(region, key);
      if (state?.kind !== 'pending') return state;
    }
    throw new Error(`the copy to ${region} does not end`);
  };
  const copies = async () => {
    const all = (await opened.registry.describe(imageId))?.copies ?? [];
    return Object.fromEntries(
      all.map(({ region, key, state, sharedWith }) => [[region, key].join(' ').trim(), [state, sharedWith]]),
    );
  };
  const at = (region: string) => new EC2Client({ region });
  const ownIn = async (region: string) => {
    const Filters = [{ Name: 'tag:kiln:source', Values: [imageId] }];
    return (await at(region).send(new DescribeImagesCommand({ Owners: ['self'], Filters }))).Images ?? [];
  };
  beforeEach(async () => {
    door.refusing.clear();
    door.asked.length = 0;
    opened = await openRegistry(mkdtempSync(join(tmpdir(), 'kiln-copies-')), [0]);
    name = `web-${randomUUID().slice(0, 8)}`;
    const { diskDigest } = opened;
    const request = { image: name, version: 1, diskDigest, description: 'a web server', tags: {}, key: `${name}-1` };
    imageId = (await opened.registry.register(request)).imageId;
  });

  describe('copying', () => {
    test('a copy is begun once, pending, then there; its own region needs none', async () => {
      expect(await copy('eu-west-1')).toEqual({ kind: 'available', imageId });
      const first = await copy(VIRGINIA);
      expect(first).toMatchObject({ kind: 'pending' });
      expect(await copied(VIRGINIA)).toEqual({ ...first, kind: 'available' });
      expect(door.asked).toEqual([VIRGINIA]);
      expect(await copies()).toEqual({ [VIRGINIA]: ['private', []] });
    });

    test('killed between the copy and its record, the next call brings the same copy', async () => {
      const first = await copy(VIRGINIA);
      // The record is a tag of the source: as it was before the copy was asked for, only the region knows.
      const begun = { Key: `kiln:copy:${VIRGINIA}`, Value: 'begun' };
      await opened.ec2.send(new CreateTagsCommand({ Resources: [imageId], Tags: [begun] }));
      expect(await copied(VIRGINIA)).toMatchObject({ imageId: (first as { imageId: string }).imageId });
      expect(await ownIn(VIRGINIA)).toHaveLength(1);
    });

    test('a region that refuses is told, the others go on, and it is tried again later', async () => {
      door.refusing.add(OREGON);
      expect(await copied(VIRGINIA)).toMatchObject({ kind: 'available' });
      const failed = await copy(OREGON);
      expect(failed).toEqual({ kind: 'failed', reason: expect.stringContaining('OptInRequired') });
      door.refusing.clear();
      expect(await copied(OREGON)).toMatchObject({ kind: 'available' });
      expect(door.asked.filter((it) => it === VIRGINIA)).toHaveLength(1);
    });

    test('an account that wants a key of its own gets a copy under that key, and nobody else', async () => {
      const key = 'arn:aws:kms:us-west-2:111111111111:key/11111111-1111-1111-1111-111111111111';
      expect(await copied(OREGON, key)).toMatchObject({ kind: 'available' });
      await opened.registry.share(imageId, [ACCOUNT], { region: OREGON, key });
      expect(await copies()).toEqual({ [`${OREGON} ${key}`]: ['available', [ACCOUNT]] });
      expect((await opened.registry.describe(imageId))?.sharedWith).toEqual([]);
      expect((await ownIn(OREGON))[0]?.BlockDeviceMappings?.[0]?.Ebs?.Encrypted).toBe(true);
    });

    test('a region that the deployment has no key in is told, and keeps nothing from being taken back elsewhere', async () => {
      await copied(VIRGINIA);
      await opened.registry.share(imageId, [ACCOUNT]);
      process.env.KILN_IMAGE_KEY = 'arn:aws:kms:eu-west-1:123456789012:key/22222222-2222-2222-2222-222222222222';
      process.env.KILN_IMAGE_KEY_ALIAS = 'alias/kiln/images';
      try {
        const deployed = awsRegistry({ path: async () => opened.diskPath } as never);
        const failed = await deployed.copy?.(imageId, { region: OREGON });
        expect(failed).toEqual({
          kind: 'failed',
          reason: expect.stringContaining('no key alias/kiln/images in us-west-2'),
        });
      } finally {
        delete process.env.KILN_IMAGE_KEY;
        delete process.env.KILN_IMAGE_KEY_ALIAS;
      }
      await awsRegistry({} as never).quarantine(imageId, 'a test failed');
      expect(await copies()).toEqual({ [VIRGINIA]: ['quarantined', []] });
    });

    test('a copy keeps the tags, so that the same rights hold for it', async () => {
      await copied(VIRGINIA);
      const tags = (await ownIn(VIRGINIA))[0]?.Tags?.map((it) => it.Key);
      expect(tags).toEqual(expect.arrayContaining(['kiln:key', 'kiln:image', 'kiln:version', 'kiln:source']));
      expect(tags).not.toContain(`kiln:copy:${VIRGINIA}`);
    });

    test('what is not there, or quarantined, is not copied', async () => {
      await expect(opened.registry.copy?.('ami-00000000', { region: VIRGINIA })).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
      await opened.registry.quarantine(imageId, 'a test failed');
      await expect(copy(VIRGINIA)).rejects.toMatchObject({ code: 'REFUSED' });
    });
  });

  describe('sharing', () => {
    test('accounts, units and organisations have it in one region or everywhere, and lose it again', async () => {
      await copied(VIRGINIA);
      const all = [ACCOUNT, ORGANISATION, UNIT];
      await opened.registry.share(imageId, all);
      await opened.registry.share(imageId, [ACCOUNT], { region: VIRGINIA });
      expect((await opened.registry.describe(imageId))?.sharedWith).toEqual([...all].sort());
      expect(await copies()).toEqual({ [VIRGINIA]: ['available', [ACCOUNT]] });
      await opened.registry.revoke(imageId, [ACCOUNT], { region: VIRGINIA });
      expect(await copies()).toEqual({ [VIRGINIA]: ['available', []] });
      expect((await opened.registry.describe(imageId))?.sharedWith).toContain(ACCOUNT);
      await opened.registry.revoke(imageId, all);
      expect((await opened.registry.describe(imageId))?.sharedWith).toEqual([]);
    });

    test('a region without a finished copy can’t share it', async () => {
      await expect(opened.registry.share(imageId, [ACCOUNT], { region: VIRGINIA })).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
      await copy(VIRGINIA);
      await expect(opened.registry.share(imageId, [ACCOUNT], { region: OREGON })).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
    });

    test('what is neither an account nor of an organisation is refused before anything is shared', async () => {
      const wrong = opened.registry.share(imageId, [ACCOUNT, 'everybody']);
      await expect(wrong).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
      expect((await opened.registry.describe(imageId))?.sharedWith).toEqual([]);
    });
  });

  test('quarantine reaches every region: nobody’s there, and a copy that is being made is given up', async () => {
    await copied(VIRGINIA);
    await opened.registry.share(imageId, [ACCOUNT], { region: VIRGINIA });
    await copy(OREGON);
    await opened.registry.quarantine(imageId, 'a test failed');
    expect(await opened.registry.describe(imageId)).toMatchObject({ state: 'quarantined', sharedWith: [] });
    expect(await copies()).toEqual({ [VIRGINIA]: ['quarantined', []] });
    expect(await ownIn(OREGON)).toEqual([]);
  });

  test('deregistering leaves neither images nor snapshots anywhere', async () => {
    await copied(VIRGINIA);
    await opened.registry.deregister(imageId);
    expect(await ownIn(VIRGINIA)).toEqual([]);
    for (const region of ['eu-west-1', VIRGINIA]) {
      const Filters = [{ Name: 'tag:kiln:key', Values: [`${name}-1`] }];
      const { Snapshots } = await at(region).send(new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters }));
      expect([region, Snapshots]).toEqual([region, []]);
    }
  });

  test('an alias names each region’s own copy', async () => {
    const there = (await copied(VIRGINIA)) as { imageId: string };
    await opened.registry.alias(`${name}/latest`, imageId);
    const Name = `/kiln/images/${name}/latest`;
    const values = ['eu-west-1', VIRGINIA].map(async (region) => {
      const { Parameter } = await new SSMClient({ region }).send(new GetParameterCommand({ Name }));
      return Parameter?.Value;
    });
    expect(await Promise.all(values)).toEqual([imageId, there.imageId]);
  });

  test('a deprecated image says since when', async () => {
    await opened.registry.deprecate?.(imageId, '2030-01-01T00:00:00.000Z');
    const { Images } = await opened.ec2.send(new DescribeImagesCommand({ ImageIds: [imageId] }));
    expect(new Date(Images?.[0]?.DeprecationTime ?? 0).toISOString()).toBe('2030-01-01T00:00:00.000Z');
  });
}, [watch, imageCopies()]);
