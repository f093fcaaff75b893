import { GetConsoleOutputCommand, RunInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { expect, test } from 'vitest';
import type { CallCounts } from '../../support/emulator/call-counts.ts';
import type { DeployedKiln } from '../../support/emulator/deployed-kiln.ts';
import { ec2Of, launchableBy, ownImages, ownSnapshots, parameter, runningInstances } from './aws-state.ts';
import { until } from './by-hand.ts';
import { APPROVED, OUTSIDER, putExample, SPEC, specKey } from './example.ts';
import { overheadOf } from './overhead.ts';

/** Functions that work for all images, or start builds. */
const OTHERS = /^kiln-(watch-changes|start-build) /;

/** One image from its spec to accounts that launch it. */
export function pipeline(kiln: () => DeployedKiln, counts: CallCounts, clock: { minuteMs: number }): void {
  const seen: Record<string, number> = {};
  const cold = { ms: 0 };

  test('a bake that takes too long is stopped, and that is recorded; nothing is left', async () => {
    clock.minuteMs = 1;
    await putExample(kiln());
    await kiln().settled();
    clock.minuteMs = 60_000;
    const [build] = await kiln().catalog.listBuilds({ image: 'nginx' });
    expect([build?.state, build?.detail]).toEqual(['failed', expect.stringContaining('TIMED_OUT')]);
    expect([await ownImages(), await ownSnapshots(), await runningInstances()]).toEqual([[], [], []]);
  }, 600_000);

  test('a spec put in the bucket ends as an image that exactly the approved accounts may launch', async () => {
    counts.reset();
    const started = kiln().functions.coldStarts().length;
    await kiln().put(specKey, SPEC);
    await kiln().settled();
    const starts = kiln()
      .functions.coldStarts()
      .slice(started)
      .filter((it) => !OTHERS.test(`${it.name} `));
    cold.ms = starts.reduce((sum, it) => sum + it.ms, 0);
    Object.assign(seen, counts.list());
    const [build] = await kiln().catalog.listBuilds({ image: 'nginx' });
    expect([build?.state, build?.detail, kiln().said()]).toEqual(['succeeded', undefined, expect.anything()]);
    const [image, ...more] = await ownImages();
    const imageId = image?.ImageId ?? '';
    expect(more).toEqual([]);
    expect(image).toMatchObject({ State: 'available', BootMode: 'uefi', ImdsSupport: 'v2.0', EnaSupport: true });
    expect(await launchableBy(imageId)).toEqual(APPROVED);
    expect(await parameter('/kiln/images/nginx/latest')).toBe(imageId);
    expect(await ownSnapshots()).toHaveLength(1);
    expect(await runningInstances()).toEqual([]);
    expect(kiln().emulator.instances.running()).toBe(0);
  }, 900_000);

  test('the catalog says the same', async () => {
    const { catalog } = kiln();
    const [image] = await ownImages();
    const [version] = await catalog.listVersions('nginx');
    expect(version).toMatchObject({ state: 'available', imageId: image?.ImageId, facts: { machine: 't3.small' } });
    expect(await catalog.aliases('nginx')).toEqual({ latest: version?.version });
    const grants = await catalog.listGrants({ image: 'nginx', inForce: true });
    expect(grants.map((it) => it.account).sort()).toEqual(APPROVED);
    expect(new Set(grants.map((it) => it.region))).toEqual(new Set(['eu-west-1']));
    expect(await catalog.acquireLease('nginx', 'anybody')).toEqual({ kind: 'acquired' });
    await catalog.releaseLease('nginx', 'anybody');
  });

  test('what is not baking or booting takes little: time, and requests to the catalog', async () => {
    const [build] = await kiln().catalog.listBuilds({ image: 'nginx', state: 'succeeded' });
    if (!build) throw new Error('no build succeeded');
    const overhead = await overheadOf(build, cold.ms);
    const toCatalog = Object.entries(seen).filter(([name]) => / dynamodb /.test(name) && !OTHERS.test(name));
    const requests = toCatalog.reduce((sum, [, times]) => sum + times, 0);
    console.log(`orchestration: ${JSON.stringify(overhead)}; DynamoDB: ${requests} requests\n${JSON.stringify(seen)}`);
    // A machine that boots slowly is asked by several calls, which read how far the one before came.
    const calls = seen['kiln-test-image ec2 RunInstances'] ?? 1;
    expect(requests - 4 * (calls - 1)).toBeLessThanOrEqual(60);
  });

  test('an approved account’s instance boots and answers; another account’s launch is refused', async () => {
    const [image] = await ownImages();
    const request = { ImageId: image?.ImageId, InstanceType: 't3.small' as const, MinCount: 1, MaxCount: 1 };
    const outsider = await ec2Of(OUTSIDER);
    await expect(outsider.send(new RunInstancesCommand(request))).rejects.toMatchObject({ name: 'AuthFailure' });
    const approved = await ec2Of(APPROVED[0] ?? '');
    const { Instances = [] } = await approved.send(new RunInstancesCommand(request));
    const { InstanceId = '', PrivateIpAddress } = Instances[0] ?? {};
    const body = await until(kiln(), 'the instance answers', async () => {
      const answer = await fetch(`http://${PrivateIpAddress}/`, { signal: AbortSignal.timeout(5_000) }).catch(
        () => undefined,
      );
      return answer?.text();
    });
    expect(body).toContain('Baked by Kiln');
    const { Output = '' } = await approved.send(new GetConsoleOutputCommand({ InstanceId }));
    expect(Buffer.from(Output, 'base64').toString()).toContain('kiln: root file system');
    await approved.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId] }));
    expect(kiln().emulator.instances.running()).toBe(0);
  }, 600_000);
}
