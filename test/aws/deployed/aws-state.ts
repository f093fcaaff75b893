import {
  DescribeImageAttributeCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeSnapshotsCommand,
  EC2Client,
  type Image,
} from '@aws-sdk/client-ec2';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';

/** What AWS has, asked by nobody of Kiln's. */

export async function ownImages(name?: string): Promise<Image[]> {
  const Filters = name === undefined ? [] : [{ Name: 'tag:kiln:image', Values: [name] }];
  const request = { Owners: ['self'], Filters, IncludeDisabled: true };
  return (await new EC2Client({}).send(new DescribeImagesCommand(request))).Images ?? [];
}

/** Those that Kiln made: the emulator makes one of its own for each image. */
export async function ownSnapshots(): Promise<string[]> {
  const Filters = [{ Name: 'tag-key', Values: ['kiln:key'] }];
  const { Snapshots = [] } = await new EC2Client({}).send(
    new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters }),
  );
  return Snapshots.map((it) => it.SnapshotId ?? '');
}

/** Accounts that may launch an image, sorted. */
export async function launchableBy(imageId: string): Promise<string[]> {
  const request = { ImageId: imageId, Attribute: 'launchPermission' as const };
  const { LaunchPermissions = [] } = await new EC2Client({}).send(new DescribeImageAttributeCommand(request));
  return LaunchPermissions.flatMap((it) => it.UserId ?? []).sort();
}

/** Identifiers of instances that have not ended. */
export async function runningInstances(): Promise<string[]> {
  const Filters = [{ Name: 'instance-state-name', Values: ['pending', 'running'] }];
  const { Reservations = [] } = await new EC2Client({}).send(new DescribeInstancesCommand({ Filters }));
  return Reservations.flatMap((it) => it.Instances ?? []).map((it) => it.InstanceId ?? '');
}

export async function parameter(name: string): Promise<string | undefined> {
  return (await new SSMClient({}).send(new GetParameterCommand({ Name: name }))).Parameter?.Value;
}

/** EC2 as another account sees it, by a role that it assumed. */
export async function ec2Of(account: string): Promise<EC2Client> {
  const role = { RoleArn: `arn:aws:iam::${account}:role/user`, RoleSessionName: 'test' };
  const request = new URLSearchParams({ Action: 'AssumeRole', Version: '2011-06-15', ...role });
  const scope = `emulator/20260101/${process.env.AWS_REGION}/sts/aws4_request`;
  const headers = { authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0` };
  const answer = await fetch(`${process.env.AWS_ENDPOINT_URL}/`, { method: 'POST', headers, body: request });
  const text = await answer.text();
  const field = (name: string) => new RegExp(`<${name}>([^<]+)<`).exec(text)?.[1] ?? '';
  const credentials = {
    accessKeyId: field('AccessKeyId'),
    secretAccessKey: field('SecretAccessKey'),
    sessionToken: field('SessionToken'),
  };
  return new EC2Client({ credentials });
}

/** How each execution of a machine ended, oldest first. */
export async function executionsOf(stateMachineArn: string) {
  const sfn = new SFNClient({});
  const { executions = [] } = await sfn.send(new ListExecutionsCommand({ stateMachineArn }));
  const described = executions.map(({ executionArn }) => sfn.send(new DescribeExecutionCommand({ executionArn })));
  const all = await Promise.all(described);
  return all.sort((a, b) => Number(a.startDate) - Number(b.startDate));
}

/** The states that an execution entered, in their order. */
export async function statesOf(executionArn: string): Promise<{ name: string; at: number }[]> {
  const sfn = new SFNClient({});
  const { events = [] } = await sfn.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }));
  return events.flatMap(({ stateEnteredEventDetails: it, timestamp }) =>
    it ? [{ name: it.name ?? '', at: Number(timestamp) }] : [],
  );
}
