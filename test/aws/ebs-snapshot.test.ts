import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListSnapshotBlocksCommand } from '@aws-sdk/client-ebs';
import { DeregisterImageCommand, DescribeImagesCommand, DescribeSnapshotsCommand } from '@aws-sdk/client-ec2';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { expect, test } from 'vitest';
import { writeSnapshot } from '../../src/adapters/aws/ebs-snapshot.ts';
import { KilnError } from '../../src/model/error.ts';
import type { Route } from '../support/emulator/door.ts';
import { onEmulator } from '../support/emulator/emulator.ts';
import { BLOCK, openRegistry, streamFile } from '../support/emulator/registry.ts';

/** Blocks that came through the door, and a switch that makes it refuse all after the first few. */
const seen = { puts: [] as number[], completed: 0, refuseAfter: Number.POSITIVE_INFINITY };
const watch: Route = async (call) => {
  if (call.path.includes('/snapshots/completion/')) seen.completed += 1;
  const block = /\/blocks\/(\d+)/.exec(call.path);
  if (call.service !== 'ebs' || call.method !== 'PUT' || !block) return undefined;
  if (seen.puts.length >= seen.refuseAfter) {
    return { status: 403, headers: { 'x-amzn-errortype': 'AccessDeniedException' }, body: Buffer.from('{}') };
  }
  seen.puts.push(Number(block[1]));
  return undefined;
};

const request = (key: string, diskDigest: string) => ({
  image: 'web',
  version: 1,
  diskDigest,
  description: 'a web server',
  tags: { team: 'x' },
  key,
});

onEmulator('an AMI of a raw disk', () => {
  const folder = () => mkdtempSync(join(tmpdir(), 'kiln-ebs-'));

  test('only blocks that are not empty are sent, and the image is for UEFI, ENA and IMDSv2', async () => {
    const { registry, diskDigest, ec2, ebs } = await openRegistry(folder(), [0, 3, 100]);
    seen.puts = [];
    const { imageId } = await registry.register(request('one', diskDigest));
    expect(seen.puts.toSorted((a, b) => a - b)).toEqual([0, 3, 100]);
    const { Images } = await ec2.send(new DescribeImagesCommand({ ImageIds: [imageId] }));
    expect(Images?.[0]).toMatchObject({ BootMode: 'uefi', EnaSupport: true, ImdsSupport: 'v2.0' });
    expect(Images?.[0]?.Tags).toEqual(expect.arrayContaining([{ Key: 'team', Value: 'x' }]));
    const snapshot = Images?.[0]?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId;
    const { Blocks } = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: snapshot }));
    expect(Blocks?.map((it) => Number(it.BlockIndex)).toSorted((a, b) => a - b)).toEqual([0, 3, 100]);
  });

  test('an interrupted snapshot is gone on with: no block twice, one snapshot, one image', async () => {
    const blocks = Array.from({ length: 80 }, (_, index) => index);
    const { registry, diskDigest, ec2 } = await openRegistry(folder(), blocks);
    Object.assign(seen, { puts: [], refuseAfter: 40 });
    await expect(registry.register(request('two', diskDigest))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    seen.refuseAfter = Number.POSITIVE_INFINITY;
    await registry.register(request('two', diskDigest));
    expect(seen.puts.toSorted((a, b) => a - b)).toEqual(blocks);
    const Filters = [{ Name: 'tag:kiln:key', Values: ['two'] }];
    expect((await ec2.send(new DescribeSnapshotsCommand({ Filters }))).Snapshots).toHaveLength(1);
    expect((await ec2.send(new DescribeImagesCommand({ Filters }))).Images).toHaveLength(1);
  });

  test('what an interrupted registration left is removed: a snapshot that was never completed, an image that nobody recorded', async () => {
    const { registry, diskDigest, ec2 } = await openRegistry(folder());
    Object.assign(seen, { puts: [], refuseAfter: 1 });
    await expect(registry.register(request('half', diskDigest))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    seen.refuseAfter = Number.POSITIVE_INFINITY;
    await registry.register(request('whole', diskDigest));
    for (const key of ['half', 'whole', 'half']) await registry.abandon?.(key);
    const Filters = [{ Name: 'tag:kiln:key', Values: ['half', 'whole'] }];
    expect((await ec2.send(new DescribeSnapshotsCommand({ Filters }))).Snapshots).toEqual([]);
    expect((await ec2.send(new DescribeImagesCommand({ Filters }))).Images).toEqual([]);
  });

  test('of a disk whose bytes turn out to be others’ no snapshot is completed', async () => {
    const { ebs, diskPath } = await openRegistry(folder());
    const damaged = new KilnError('ARTIFACT_CORRUPT', 'its bytes have another digest');
    const whole = streamFile(diskPath);
    const bytes = async function* () {
      yield* whole.bytes();
      throw damaged;
    };
    const disk = { sizeBytes: whole.sizeBytes, bytes };
    const wanted = { disk, description: 'damaged', tags: { 'kiln:key': 'damaged' }, key: 'damaged', work: folder() };
    seen.completed = 0;
    await expect(writeSnapshot(ebs, wanted)).rejects.toBe(damaged);
    expect(seen.completed).toBe(0);
  });

  test('a disk that does not end with a block is filled up with zeros', async () => {
    const { ebs } = await openRegistry(folder());
    const bytes = async function* () {
      yield Buffer.alloc(BLOCK * 2);
      yield Buffer.from('the end');
    };
    const disk = { sizeBytes: BLOCK * 2 + 7, bytes };
    seen.puts = [];
    await writeSnapshot(ebs, { disk, description: 'odd', tags: {}, key: 'odd', work: folder() });
    expect(seen.puts).toEqual([2]);
  });

  test('registered twice at once, one disk is one snapshot and one image', async () => {
    const { registry, diskDigest, ec2 } = await openRegistry(
      folder(),
      Array.from({ length: 60 }, (_, at) => at),
    );
    const [first, second] = await Promise.all([1, 2].map(() => registry.register(request('at once', diskDigest))));
    expect(second?.imageId).toBe(first?.imageId);
    const Filters = [{ Name: 'tag:kiln:key', Values: ['at once'] }];
    expect((await ec2.send(new DescribeSnapshotsCommand({ Filters }))).Snapshots).toHaveLength(1);
    expect((await ec2.send(new DescribeImagesCommand({ Filters }))).Images).toHaveLength(1);
  });

  test('a build that has another disk than before leaves no snapshot of the one before, wherever it was killed', async () => {
    const { registry, diskDigest, otherDigest, ec2 } = await openRegistry(folder());
    const { imageId } = await registry.register(request('anew', diskDigest));
    // Killed once the image was gone, and before its snapshot was.
    await ec2.send(new DeregisterImageCommand({ ImageId: imageId }));
    await registry.register(request('anew', otherDigest));
    const Filters = [{ Name: 'tag:kiln:key', Values: ['anew'] }];
    expect((await ec2.send(new DescribeSnapshotsCommand({ Filters }))).Snapshots).toHaveLength(1);
  });

  test('deregistering leaves no snapshot', async () => {
    const { registry, diskDigest, ec2 } = await openRegistry(folder());
    const { imageId } = await registry.register(request('three', diskDigest));
    await registry.deregister(imageId);
    const Filters = [{ Name: 'tag:kiln:key', Values: ['three'] }];
    expect((await ec2.send(new DescribeSnapshotsCommand({ Filters }))).Snapshots).toEqual([]);
  });

  test('an alias is a parameter that names the image', async () => {
    const { registry, diskDigest, ssm } = await openRegistry(folder());
    const { imageId } = await registry.register(request('four', diskDigest));
    await registry.alias('web/latest', imageId);
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: '/kiln/images/web/latest' }));
    expect(Parameter?.Value).toBe(imageId);
  });
}, [watch]);
