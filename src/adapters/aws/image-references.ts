import {
  type EC2Client,
  type Image,
  paginateDescribeInstances,
  paginateDescribeLaunchTemplateVersions,
} from '@aws-sdk/client-ec2';

const ALIVE = ['pending', 'running', 'stopping', 'stopped'];

/** What of this account names an AMI and would break without it: launch templates' newest and default versions, and instances. */
export async function referencesTo(ec2: EC2Client, { ImageId = '' }: Image): Promise<string[]> {
  return [...(await templatesWith(ec2, ImageId)), ...(await instancesOf(ec2, ImageId))];
}

async function templatesWith(client: EC2Client, imageId: string): Promise<string[]> {
  const found: string[] = [];
  const request = { Versions: ['$Latest', '$Default'], Filters: [{ Name: 'image-id', Values: [imageId] }] };
  for await (const page of paginateDescribeLaunchTemplateVersions({ client }, request)) {
    for (const it of page.LaunchTemplateVersions ?? []) {
      if (it.LaunchTemplateData?.ImageId !== imageId) continue;
      found.push(`launch template ${it.LaunchTemplateName}, version ${it.VersionNumber}`);
    }
  }
  return [...new Set(found)];
}

async function instancesOf(client: EC2Client, imageId: string): Promise<string[]> {
  const found: string[] = [];
  const Filters = [
    { Name: 'image-id', Values: [imageId] },
    { Name: 'instance-state-name', Values: ALIVE },
  ];
  for await (const page of paginateDescribeInstances({ client }, { Filters })) {
    for (const it of page.Reservations ?? [])
      found.push(...(it.Instances ?? []).map((one) => `instance ${one.InstanceId}`));
  }
  return found;
}
