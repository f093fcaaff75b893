import { ListExecutionsCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { beforeEach, expect, test } from 'vitest';
import { conflicts } from '../support/emulator/conflicts.ts';
import { type DeployedKiln, onDeployedKiln, sqs } from '../support/emulator/deployed-kiln.ts';
import { killing } from '../support/emulator/killing.ts';
import { redrives } from '../support/emulator/redrives.ts';
import { fireTimedRules } from '../support/emulator/schedules.ts';
import { throttling } from '../support/emulator/throttling.ts';
import { remoteCommand } from '../support/remote-command.ts';
import { launchableBy, ownImages, ownSnapshots, parameter, runningInstances, statesOf } from './deployed/aws-state.ts';
import { endOf, runByHand, startByHand, until } from './deployed/by-hand.ts';
import { ACCOUNTS, APPROVED, putExample, SPEC, specKey } from './deployed/example.ts';

// `npm run test:aws:faults`: what may go wrong on AWS, one after the other, over one deployment and one baked disk.

let kiln: (() => DeployedKiln) | undefined;
const throttle = throttling(5);
const conflict = conflicts(7);
const kill = killing(
  () => kiln?.().emulator.endpoint ?? '',
  () => kiln?.().functions,
);
const redriven = redrives();
const FORCED = { image: 'nginx', options: { force: true } };

onDeployedKiln(
  'faults',
  (deployed) => {
    kiln = deployed;

    const executions = async () => {
      const stateMachineArn = deployed().outputs.BuildImageMachineArn;
      return (await new SFNClient({}).send(new ListExecutionsCommand({ stateMachineArn }))).executions?.length ?? 0;
    };

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

    /** Each test works alone as well: `-t`. */
    beforeEach(async () => {
      if (expect.getState().currentTestName?.includes('throttled') || (await ownImages()).length > 0) return;
      await putExample(deployed());
      await deployed().settled();
      await expectPublished();
    }, 900_000);

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

    test('what starts builds is killed once it has started one: the event comes again, and starts none', async () => {
      const before = await executions();
      kill.arm([{ of: 'kiln-start-build', operation: 'StartExecution', times: 1 }]);
      const QueueUrl = deployed().outputs.RequestsQueueUrl;
      const event = { id: 'killed-start', 'detail-type': 'kiln.build.requested', detail: { image: 'nginx' } };
      await sqs().send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(event) }));
      await deployed().settled();
      expect(kill.kills().at(-1)).toBe('kiln-start-build StartExecution');
      expect((await executions()) - before).toBe(1);
      const [build] = await deployed().catalog.listBuilds({ image: 'nginx', limit: 1 });
      expect(build?.state).toBe('unchanged');
      await expectNothingLeft();
    }, 900_000);

    test('what ends builds is killed between the record and the lease: it is ended once more, and the lease is free', async () => {
      kill.arm([{ of: 'kiln-end-build', operation: 'UpdateItem', times: 1 }]);
      expect(await runByHand(deployed(), 'killed-at-its-end', { image: 'nginx' })).toBe('SUCCEEDED');
      await deployed().settled();
      expect(kill.kills().at(-1)).toBe('kiln-end-build UpdateItem');
      const [build] = await deployed().catalog.listBuilds({ image: 'nginx', limit: 1 });
      expect(build?.state).toBe('unchanged');
      await expectNothingLeft();
    }, 900_000);

    test('CodeBuild’s machine goes away while it bakes: the build fails with a reason, and nothing is left', async () => {
      const images = (await ownImages()).length;
      const execution = runByHand(deployed(), 'bake-gone', FORCED);
      await until(deployed(), 'a container runs', async () => deployed().bakes.interrupt() > 0);
      expect(await execution).toBe('FAILED FAILED');
      await deployed().settled();
      const [build] = await deployed().catalog.listBuilds({ image: 'nginx', limit: 1 });
      expect([build?.state, build?.detail]).toEqual([
        'failed',
        expect.stringMatching(/the bake ended FAILED; its log is/),
      ]);
      expect((await ownImages()).length).toBe(images);
      await expectNothingLeft();
    }, 900_000);

    test('an execution that was stopped goes on where it was, and nothing that it did is done again', async () => {
      const before = (await ownImages()).length;
      const executionArn = await startByHand(deployed(), 'stopped', FORCED);
      const entered = async () => (await statesOf(executionArn)).map((it) => it.name);
      await until(deployed(), 'it tests its instance', async () => (await entered()).includes('Test instance'));
      await new SFNClient({}).send(new StopExecutionCommand({ executionArn }));
      await until(deployed(), 'it has stopped', async () => deployed().functions.busy().length === 0);
      const [build] = await deployed().catalog.listBuilds({ image: 'nginx', limit: 1 });
      expect(build).toMatchObject({ state: 'running', execution: executionArn });
      await remoteCommand('redrive', build?.id ?? '');
      expect(await endOf(deployed(), redriven.goingOn.get(executionArn) ?? '')).toBe('SUCCEEDED');
      await deployed().settled();
      expect((await deployed().catalog.getBuild(build?.id ?? ''))?.state).toBe('succeeded');
      expect((await ownImages()).length).toBe(before + 1);
      await expectPublished();
    }, 900_000);

    test('a region that refuses the copy refuses for itself: the others have the image, and the record says why', async () => {
      const regions = 'distribute:\n  regions: [eu-west-1, us-east-1]';
      await deployed().put(specKey, SPEC.replace(/^distribute:/m, regions));
      await deployed().settled();
      await expectPublished();
      const [build] = await deployed().catalog.listBuilds({ image: 'nginx', state: 'succeeded', limit: 1 });
      const copies = build?.steps.filter((it) => /us-east-1/.test(it.step)) ?? [];
      expect(copies.length).toBeGreaterThan(0);
      for (const it of copies)
        expect(it).toMatchObject({ outcome: 'refused', detail: expect.stringContaining('us-east-1') });
      const grants = await deployed().catalog.listGrants({ image: 'nginx', version: build?.version, inForce: true });
      expect(new Set(grants.map((it) => it.region))).toEqual(new Set(['eu-west-1']));
      await deployed().put(specKey, SPEC);
      await deployed().settled();
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
  { routes: [kill.route, throttle.route, conflict.route, redriven.route] },
);
