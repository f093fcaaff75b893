import {
  DescribeImageAttributeCommand,
  type EC2Client,
  ModifyImageAttributeCommand,
  ModifySnapshotAttributeCommand,
} from '@aws-sdk/client-ec2';
import { CreateGrantCommand, type KMSClient, paginateListGrants, RevokeGrantCommand } from '@aws-sdk/client-kms';

type Change = 'add' | 'remove';

/** ModifyImageAttribute takes 100 accounts a call at most; adding what is there or removing what is not does nothing. */
const ACCOUNTS_A_CALL = 100;

function* batches(accounts: readonly string[]): Generator<string[]> {
  for (let at = 0; at < accounts.length; at += ACCOUNTS_A_CALL) yield accounts.slice(at, at + ACCOUNTS_A_CALL);
}

/** Accounts that may launch the image now, sorted. */
export async function sharedWith(ec2: EC2Client, imageId: string): Promise<string[]> {
  const request = { ImageId: imageId, Attribute: 'launchPermission' as const };
  const answer = await ec2.send(new DescribeImageAttributeCommand(request));
  return (answer.LaunchPermissions ?? []).flatMap((it) => it.UserId ?? []).sort();
}

/** Adds or removes accounts' permission to launch an image. */
export async function launchPermissions(ec2: EC2Client, imageId: string, change: Change, accounts: readonly string[]) {
  for (const some of batches(accounts)) {
    const listed = some.map((UserId) => ({ UserId }));
    const LaunchPermission = change === 'add' ? { Add: listed } : { Remove: listed };
    await ec2.send(new ModifyImageAttributeCommand({ ImageId: imageId, LaunchPermission }));
  }
}

/** Adds or removes accounts' permission to make volumes of snapshots, which copying a shared image needs. */
export async function snapshotPermissions(
  ec2: EC2Client,
  snapshotIds: readonly string[],
  change: Change,
  accounts: readonly string[],
) {
  for (const SnapshotId of snapshotIds) {
    for (const some of batches(accounts)) {
      const listed = some.map((UserId) => ({ UserId }));
      const CreateVolumePermission = change === 'add' ? { Add: listed } : { Remove: listed };
      await ec2.send(new ModifySnapshotAttributeCommand({ SnapshotId, CreateVolumePermission }));
    }
  }
}

/** Rights to the key that encrypts snapshots, one grant an image and account. */
export interface KeyGrants {
  give(imageId: string, accounts: readonly string[]): Promise<void>;
  takeBack(imageId: string, accounts: readonly string[]): Promise<void>;
}

/** Grants of one KMS key, named after image and account, so that giving one twice gives one. */
export function kmsKeyGrants(kms: KMSClient, keyArn: string): KeyGrants {
  const nameOf = (imageId: string, account: string) => `kiln-${imageId}-${account}`;
  return {
    async give(imageId, accounts) {
      for (const account of accounts) {
        await kms.send(
          new CreateGrantCommand({
            KeyId: keyArn,
            Name: nameOf(imageId, account),
            GranteePrincipal: `arn:aws:iam::${account}:root`,
            Operations: ['Decrypt', 'DescribeKey', 'CreateGrant', 'GenerateDataKeyWithoutPlaintext', 'ReEncryptFrom'],
          }),
        );
      }
    },
    async takeBack(imageId, accounts) {
      const names = new Set(accounts.map((it) => nameOf(imageId, it)));
      for await (const page of paginateListGrants({ client: kms }, { KeyId: keyArn })) {
        for (const grant of page.Grants ?? []) {
          if (!names.has(grant.Name ?? '')) continue;
          await kms.send(new RevokeGrantCommand({ KeyId: keyArn, GrantId: grant.GrantId }));
        }
      }
    },
  };
}
