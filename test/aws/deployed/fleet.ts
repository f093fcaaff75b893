import { DescribeExecutionCommand, ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { expect, test } from 'vitest';
import { type DeployedKiln, VENDOR_TOPIC } from '../../support/emulator/deployed-kiln.ts';
import { remoteCommand } from '../../support/remote-command.ts';
import { ownImages } from './aws-state.ts';
import { endOf } from './by-hand.ts';

const AMI = 'ami-0a1b2c3d4e5f60718';
const ON_PARENT = `
name: on-parent
application: { packages: [nobody-has-this], run: { command: [/bin/true] } }
bake: { with: image-builder, parent: ${AMI} }
`;

/** What starts builds of many images, and of those that are made on a vendor's. */
export function fleet(kiln: () => DeployedKiln): void {
  const fleets = async () => {
    const stateMachineArn = kiln().outputs.BuildImageMachineArn?.replace('build-image', 'build-fleet');
    return (await new SFNClient({}).send(new ListExecutionsCommand({ stateMachineArn }))).executions ?? [];
  };

  test('all images are built by one execution, each by one of its own', async () => {
    const before = (await ownImages()).length;
    const { data } = await remoteCommand('build', '--all');
    const [execution] = await fleets();
    expect(execution?.name).toBe((data as { fleet: string }).fleet);
    expect(await endOf(kiln(), execution?.executionArn ?? '')).toBe('SUCCEEDED');
    const known = await kiln().catalog.listImages();
    for (const { name } of known) {
      const [build] = await kiln().catalog.listBuilds({ image: name, limit: 1 });
      expect([name, build?.state, build?.cause.detail]).toEqual([name, 'unchanged', 'kiln remote build --all']);
      const { status } = await new SFNClient({}).send(new DescribeExecutionCommand({ executionArn: build?.execution }));
      expect(status).toBe('SUCCEEDED');
    }
    expect((await ownImages()).length).toBe(before);
  }, 900_000);

  test('a vendor’s notice builds the images that have one of its AMIs as their parent, and no other', async () => {
    const { catalog } = kiln();
    await kiln().put('settings/images/on-parent/image.yaml', ON_PARENT);
    await kiln().settled();
    const builds = (await catalog.listBuilds({})).length;
    const Message = JSON.stringify({ v1: { Regions: { 'eu-west-1': [{ Name: 'vendor-12', ImageId: AMI }] } } });
    await new SNSClient({}).send(new PublishCommand({ TopicArn: VENDOR_TOPIC, Message }));
    await kiln().settled();
    const [newest] = await catalog.listBuilds({ limit: 1 });
    expect(newest).toMatchObject({
      image: 'on-parent',
      cause: { kind: 'component', detail: `vendor-ami-updates: ${AMI}` },
    });
    expect((await catalog.listBuilds({})).length).toBe(builds + 1);
  }, 900_000);
}
