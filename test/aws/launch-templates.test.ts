import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import {
  CreateLaunchTemplateCommand,
  DescribeLaunchTemplateVersionsCommand,
  EC2Client,
  RegisterImageCommand,
} from '@aws-sdk/client-ec2';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { makeHandler } from '../../lambdas/follow-image/handler.ts';
import { withFaults } from '../../src/adapters/aws/aws-fault.ts';
import { referencesTo } from '../../src/adapters/aws/image-references.ts';
import { followImage } from '../../src/adapters/aws/launch-templates.ts';
import { awsTemplateFollower } from '../../src/adapters/aws/template-follower.ts';
import { onEmulator } from '../support/emulator/emulator.ts';
import { instanceRefreshes } from '../support/emulator/instance-refreshes.ts';

const refreshes = instanceRefreshes();

onEmulator('launch templates that follow an image', () => {
  const images: string[] = [];
  let number = 0;
  let template = '';
  const ec2 = () => withFaults(new EC2Client({}));
  const follow = (imageId: string, autoScalingGroup?: string) =>
    followImage(
      { ec2: ec2(), scaling: withFaults(new AutoScalingClient({})) },
      { template, autoScalingGroup, minHealthyPercentage: 90 },
      imageId,
    );
  const defaultVersion = async () => {
    const request = { LaunchTemplateName: template, Versions: ['$Default'] };
    const { LaunchTemplateVersions } = await ec2().send(new DescribeLaunchTemplateVersionsCommand(request));
    const [found] = LaunchTemplateVersions ?? [];
    return [found?.VersionNumber, found?.LaunchTemplateData?.ImageId, found?.LaunchTemplateData?.InstanceType];
  };

  beforeAll(async () => {
    for (const Name of ['one', 'two'])
      images.push((await ec2().send(new RegisterImageCommand({ Name }))).ImageId ?? '');
  });
  beforeEach(async () => {
    number += 1;
    template = `web-${number}`;
    const LaunchTemplateData = { ImageId: images[0], InstanceType: 't3.small' as const };
    await ec2().send(new CreateLaunchTemplateCommand({ LaunchTemplateName: template, LaunchTemplateData }));
  });
  afterAll(() => {
    for (const name of ['KILN_LAUNCH_TEMPLATES', 'KILN_ALIAS_PATH']) delete process.env[name];
  });

  test('a template gets one version with the image, everything else as it was, and it is the default', async () => {
    expect(await follow(images[1] ?? '')).toBe('new version');
    expect(await follow(images[1] ?? '')).toBe('as it was');
    expect(await defaultVersion()).toEqual([2, images[1], 't3.small']);
  });

  test('a group is refreshed once, and goes back by itself where the new instances are not healthy', async () => {
    const group = `group-${number}`;
    expect(await follow(images[1] ?? '', group)).toBe('refreshing');
    expect(await follow(images[1] ?? '', group)).toBe('refreshing');
    const mine = refreshes.all().filter((it) => it.group === group);
    expect(mine).toMatchObject([{ template, version: '2', preferences: { 'Preferences.AutoRollback': 'true' } }]);
    expect((await defaultVersion())[0]).toBe(2);
    refreshes.end('RollbackSuccessful');
    expect(await follow(images[1] ?? '', group)).toBe('rolled back');
    expect(await defaultVersion()).toEqual([1, images[0], 't3.small']);
    expect(await follow(images[1] ?? '', group)).toBe('as it was');
    expect(await defaultVersion()).toEqual([1, images[0], 't3.small']);
    expect(refreshes.all().filter((it) => it.group === group)).toHaveLength(1);
  });

  test('while another refresh runs it has to wait', async () => {
    const group = `group-${number}`;
    await follow(images[1] ?? '', group);
    await expect(follow(images[0] ?? '', group)).rejects.toMatchObject({ code: 'BUSY' });
    refreshes.end('Successful');
    expect(await follow(images[0] ?? '', group)).toBe('refreshing');
  });

  test('a template that is not there is said', async () => {
    template = 'nobodys';
    await expect(follow(images[1] ?? '')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('an image that a template launches is referred to', async () => {
    const references = await referencesTo(ec2(), { ImageId: images[0] });
    expect(references).toContain(`launch template ${template}, version 1`);
  });

  test('an event of the bus has the templates follow the alias, also back; what has to wait stays in the queue', async () => {
    process.env.KILN_ALIAS_PATH = '/kiln/images';
    process.env.KILN_LAUNCH_TEMPLATES = JSON.stringify({ web: [{ template, minHealthyPercentage: 90 }] });
    const group = `group-${number}`;
    const notices: string[] = [];
    const notifier = { notify: async ({ kind }: { kind: string }) => void notices.push(kind) };
    const handler = makeHandler(awsTemplateFollower(() => undefined, notifier));
    const tell = async (image: string) => {
      const body = JSON.stringify({ 'detail-type': 'image.published', detail: { image } });
      return handler({ Records: [{ messageId: 'm', body }] }, {} as never);
    };
    const point = (Value: string | undefined) =>
      new SSMClient({}).send(
        new PutParameterCommand({ Name: '/kiln/images/web/latest', Value, Type: 'String', Overwrite: true }),
      );
    await point(images[1]);
    expect(await tell('web')).toEqual({ batchItemFailures: [] });
    expect((await defaultVersion())[1]).toBe(images[1]);
    await point(images[0]);
    await tell('web');
    expect((await defaultVersion())[1]).toBe(images[0]);
    await tell('other');
    process.env.KILN_LAUNCH_TEMPLATES = JSON.stringify({
      web: [{ template, minHealthyPercentage: 90, autoScalingGroup: group }],
    });
    const grouped = makeHandler(awsTemplateFollower(() => undefined, notifier));
    const said = async (event: object) =>
      grouped({ Records: [{ messageId: 'm', body: JSON.stringify(event) }] }, {} as never);
    await point(images[1]);
    await said({ detail: { image: 'web' } });
    expect((await defaultVersion())[1]).toBe(images[1]);
    refreshes.end('RollbackSuccessful');
    await said({ source: 'aws.autoscaling', detail: { AutoScalingGroupName: group } });
    expect([(await defaultVersion())[1], notices]).toEqual([images[0], ['template.rolled-back']]);
    process.env.KILN_LAUNCH_TEMPLATES = JSON.stringify({ web: [{ template: 'nobodys', minHealthyPercentage: 90 }] });
    const broken = makeHandler(awsTemplateFollower(() => undefined, notifier));
    const body = JSON.stringify({ detail: { image: 'web' } });
    const answer = await broken({ Records: [{ messageId: 'm', body }] }, {} as never);
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm' }] });
  });
}, [refreshes.route]);
