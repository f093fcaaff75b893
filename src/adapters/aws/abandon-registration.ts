import { DescribeSnapshotsCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { deleteSnapshot, findOwn, removeImage, TAG } from './ec2-images.ts';

/** Removes the AMI and the snapshots that a registration with this key has left; a snapshot may be half written. */
export async function abandonRegistration(ec2: EC2Client, key: string): Promise<void> {
  for (const image of await findOwn(ec2, `tag:${TAG.key}`, key)) await removeImage(ec2, image);
  const Filters = [{ Name: `tag:${TAG.key}`, Values: [key] }];
  const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters }));
  for (const { SnapshotId = '' } of Snapshots) await deleteSnapshot(ec2, SnapshotId);
}
