import {
  DescribeImageAttributeCommand,
  type EC2Client,
  type LaunchPermission,
  ModifyImageAttributeCommand,
  ModifySnapshotAttributeCommand,
} from '@aws-sdk/client-ec2';
import { CreateGrantCommand, type KMSClient, paginateListGrants, RevokeGrantCommand } from '@aws-sdk/client-kms';
import { KilnError } from '../../model/error.ts';

type Change = 'add' | 'remove';

/** ModifyImageAttribute takes 100 principals a call at most; adding what is there or removing what is not does nothing. */
const PRINCIPALS_A_CALL = 100;

function* batches(principals: readonly string[]): Generator<string[]> {
  for (let at = 0; at < principals.length; at += PRINCIPALS_A_CALL) yield principals.slice(at, at + PRINCIPALS_A_CALL);
}

/** The permission of an account (twelve digits), an organisation or an organisational unit (their ARNs). Throws CONFIG_INVALID. */
function permissionOf(principal: string): LaunchPermission {
  if (isAccount(principal)) return { UserId: principal };
  const kind = /^arn:[a-z-]+:organizations::\d{12}:(organization|ou)\/o-[a-z0-9]+/.exec(principal)?.[1];
  if (kind === 'organization') return { OrganizationArn: principal };
  if (kind === 'ou') return { OrganizationalUnitArn: principal };
  throw new KilnError('CONFIG_INVALID', `${principal} is no account, organisation or organisational unit`, {
    hint: 'an account has twelve digits; the other two are named by their ARN, as Organizations shows it',
  });
}

const isAccount = (principal: string) => /^\d{12}$/.test(principal);

/** Accounts, and ARNs of organisations and units, that may launch the image now; sorted. */
export async function sharedWith(ec2: EC2Client, imageId: string): Promise<string[]> {
  const request = { ImageId: imageId, Attribute: 'launchPermission' as const };
  const answer = await ec2.send(new DescribeImageAttributeCommand(request));
  return (answer.LaunchPermissions ?? [])
    .flatMap((it) => it.UserId ?? it.OrganizationArn ?? it.OrganizationalUnitArn ?? [])
    .sort();
}

/** Adds or removes principals' permission to launch an image. */
export async function launchPermissions(
  ec2: EC2Client,
  imageId: string,
  change: Change,
  principals: readonly string[],
): Promise<void> {
  for (const some of batches(principals)) {
    const listed = some.map(permissionOf);
    const LaunchPermission = change === 'add' ? { Add: listed } : { Remove: listed };
    await ec2.send(new ModifyImageAttributeCommand({ ImageId: imageId, LaunchPermission }));
  }
}

/**
 * Adds or removes accounts' permission to make volumes of snapshots, which copying a shared image needs. Snapshots know no
 * organisations and units: who may launch by these can't copy.
 */
export async function snapshotPermissions(
  ec2: EC2Client,
  snapshotIds: readonly string[],
  change: Change,
  principals: readonly string[],
): Promise<void> {
  const accounts = principals.filter(isAccount);
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
  give(imageId: string, principals: readonly string[]): Promise<void>;
  takeBack(imageId: string, principals: readonly string[]): Promise<void>;
}

/**
 * Grants of one KMS key, named after image and account, so that giving one twice gives one. KMS grants know no organisations and
 * units: the key's policy has to let those in (`organizations` of the configuration).
 */
export function kmsKeyGrants(kms: KMSClient, keyArn: string): KeyGrants {
  const nameOf = (imageId: string, account: string) => `kiln-${imageId}-${account}`;
  return {
    async give(imageId, principals) {
      for (const account of principals.filter(isAccount)) {
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
    async takeBack(imageId, principals) {
      const names = new Set(principals.filter(isAccount).map((it) => nameOf(imageId, it)));
      if (names.size === 0) return;
      for await (const page of paginateListGrants({ client: kms }, { KeyId: keyArn })) {
        for (const grant of page.Grants ?? []) {
          if (!names.has(grant.Name ?? '')) continue;
          await kms.send(new RevokeGrantCommand({ KeyId: keyArn, GrantId: grant.GrantId }));
        }
      }
    },
  };
}
