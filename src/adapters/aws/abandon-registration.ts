import type { EC2Client } from '@aws-sdk/client-ec2';
import { deleteSnapshot, findOwn, removeImage, snapshotsOfKey, TAG } from './ec2-images.ts';

/** Removes the AMI and the snapshots that a registration with this key has left; a snapshot may be half written. */
export async function abandonRegistration(ec2: EC2Client, key: string): Promise<void> {
  for (const image of await findOwn(ec2, `tag:${TAG.key}`, key)) await removeImage(ec2, image);
  for (const id of await snapshotsOfKey(ec2, key)) await deleteSnapshot(ec2, id);
}
