import { expect, test } from 'vitest';
import { conflicts } from '../support/emulator/conflicts.ts';
import { type DeployedKiln, onDeployedKiln } from '../support/emulator/deployed-kiln.ts';
import { killing } from '../support/emulator/killing.ts';
import { fireTimedRules } from '../support/emulator/schedules.ts';
import { throttling } from '../support/emulator/throttling.ts';
import { launchableBy, ownImages, ownSnapshots, parameter, runningInstances } from './deployed/aws-state.ts';
import { runByHand } from './deployed/by-hand.ts';
import { ACCOUNTS, APPROVED, putExample } from './deployed/example.ts';

// `npm run test:aws:faults`: what may go wrong on AWS, one after the other, over one deployment and one baked disk.

let kiln: (() => DeployedKiln) | undefined;
const throttle = throttling(5);
const conflict = conflicts(7);
const kill = killing(
  () => kiln?.().emulator.endpoint ?? '',
  () => kiln?.().functions,
);
const FORCED = { image: 'nginx', options: { force: true } };

onDeployedKiln(
  'faults',
  (deployed) => {
    kiln = deployed;

    /** One image more than before, right grants, nothing without an owner, a record that tells what happened. */
    async function expectPublished(accounts: readonly string[] = APPROVED): Promise<void> {
      const { catalog, emulator } = deployed();
      const [version] = await catalog.listVersions('nginx');
      const [build] = await catalog.listBuilds({ image: 'nginx', state: 'succeeded', limit: 1 });
      expect(version).toMatchObject({ state: 'available', buildId: build?.id });
      expect(await launchableBy(version?.imageId ?? '')).toEqual(accounts);
      const grants = await catalog.listGrants({ image: 'nginx', version: version?.version, inForce: true });
      expect(grants.map((it) => it.account).sort()).toEqual(accounts);
      expect(await parameter('/kiln/images/nginx/latest')).toBe(version?.imageId);
      await expectNothingLeft();
      expect(emulator.instances.running()).toBe(0);
    }

    /** Every image is in the catalog and has its snapshot, every snapshot is an image's, no instance runs, no lease is held. */
    async function expectNothingLeft(): Promise<void> {
      const { catalog } = deployed();
      const known = (await catalog.listVersions('nginx')).map((it) => it.imageId).sort();
      const images = await ownImages();
      expect(images.map((it) => it.ImageId).sort()).toEqual(known);
      const used = images.flatMap((it) => it.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId ?? []);
      expect((await ownSnapshots()).sort()).toEqual(used.sort());
      expect(await runningInstances()).toEqual([]);
      expect(await catalog.acquireLease('nginx', 'a test')).toEqual({ kind: 'acquired' });
      await catalog.releaseLease('nginx', 'a test');
    }

    test('a tenth of all calls is throttled: the build takes longer, and that is all', async () => {
      throttle.refuse(0.1);
      await putExample(deployed());
      await deployed().settled();
      throttle.refuse(0);
      console.log(`throttled: ${JSON.stringify(throttle.refused())}`);
      expect(Object.keys(throttle.refused()).length).toBeGreaterThan(4);
      await expectPublished();
      expect(await ownImages()).toHaveLength(1);
    }, 900_000);

    test('each function is killed after its side effect and before the record of it: the build goes on', async () => {
      const before = (await ownImages()).length;
      kill.arm([
        { of: 'kiln-plan-build', operation: 'UpdateItem', about: 'LEASE#nginx', times: 1 },
        { of: 'kiln-resolve-image', operation: 'UpdateItem', about: 'STEP#resolve', times: 1 },
        { of: 'kiln-register-image', operation: 'RegisterImage', times: 1 },
        { of: 'kiln-test-image', operation: 'RunInstances', times: 1 },
        { of: 'kiln-judge-image', operation: 'UpdateItem', about: 'STEP#judge', times: 1 },
        { of: 'kiln-share-image', operation: 'ModifyImageAttribute', times: 1 },
        { of: 'kiln-publish-image', operation: 'PutParameter', times: 1 },
      ]);
      expect(await runByHand(deployed(), 'killed', FORCED)).toBe('SUCCEEDED');
      await deployed().settled();
      console.log(`killed: ${kill.kills().join(', ')}`);
      expect(kill.kills()).toHaveLength(7);
      expect((await ownImages()).length).toBe(before + 1);
      await expectPublished();
    }, 900_000);

    test('killed at every try after it registered an image: the build fails, and the image is gone', async () => {
      const before = await ownImages();
      kill.arm([
        { of: 'kiln-register-image', operation: 'RegisterImage', times: 1 },
        // From then on its name is found, and nothing is registered again.
        { of: 'kiln-register-image', operation: 'DescribeImageAttribute', times: 99 },
      ]);
      expect(await runByHand(deployed(), 'never-registers', FORCED)).toBe('FAILED FAILED');
      kill.arm([]);
      await deployed().settled();
      const [build] = await deployed().catalog.listBuilds({ image: 'nginx', limit: 1 });
      expect([build?.state, build?.detail]).toEqual(['failed', expect.stringMatching(/ExitError|exited/)]);
      expect((await ownImages()).map((it) => it.ImageId).sort()).toEqual(before.map((it) => it.ImageId).sort());
      await expectNothingLeft();
    }, 900_000);

    test('killed at every try while its instance runs: the build fails, the image is quarantined, the instance is ended', async () => {
      kill.arm([{ of: 'kiln-test-image', operation: 'RunInstances', times: 99 }]);
      expect(await runByHand(deployed(), 'never-tested', FORCED)).toBe('FAILED FAILED');
      kill.arm([]);
      await deployed().settled();
      const [version] = await deployed().catalog.listVersions('nginx');
      expect(version?.state).toBe('quarantined');
      expect(await launchableBy(version?.imageId ?? '')).toEqual([]);
      await expectNothingLeft();
    }, 900_000);

    test('writes of the catalog that others get in the way of are made again', async () => {
      conflict.refuse(0.2);
      expect(await runByHand(deployed(), 'in-the-way', FORCED)).toBe('SUCCEEDED');
      conflict.refuse(0);
      await deployed().settled();
      expect(conflict.refused()).toBeGreaterThan(0);
      await expectPublished();
    }, 900_000);

    test('an account that is removed while a build runs has nothing once the poller has looked', async () => {
      const execution = runByHand(deployed(), 'half-way', FORCED);
      await deployed().put('settings/accounts.yaml', ACCOUNTS.replace(/ {2}- id: "222222222222"[\s\S]*?\n\n/, ''));
      expect(await execution).toBe('SUCCEEDED');
      await fireTimedRules(deployed().functions);
      await deployed().settled();
      await expectPublished([APPROVED[0] ?? '']);
      for (const { ImageId = '' } of await ownImages()) expect(await launchableBy(ImageId)).not.toContain(APPROVED[1]);
    }, 900_000);
  },
  { routes: [kill.route, throttle.route, conflict.route] },
);
