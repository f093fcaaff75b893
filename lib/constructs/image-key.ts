import { RemovalPolicy } from 'aws-cdk-lib';
import { AnyPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/** Alias of the images' key, the same in every region. */
export const imageKeyAlias = (name: string): string => `alias/${name}/images`;

/**
 * The key of the images in one region: its own, since other accounts get grants for it and must not get any for the catalog's. Grants
 * know no organisations: their accounts are let in by the policy, and what they can launch is for the launch permissions to say.
 */
export function imageKey(scope: Construct, id: string, props: { name: string; organizations: readonly string[] }): Key {
  const key = new Key(scope, id, {
    alias: imageKeyAlias(props.name).replace('alias/', ''),
    description: 'snapshots of images that Kiln made',
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  if (props.organizations.length === 0) return key;
  const within = { 'aws:PrincipalOrgID': [...props.organizations] };
  const use = ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKeyWithoutPlaintext', 'kms:ReEncryptFrom'];
  const statement = (actions: string[], conditions: Record<string, unknown>) =>
    key.addToResourcePolicy(
      new PolicyStatement({
        principals: [new AnyPrincipal()],
        actions,
        resources: ['*'],
        conditions: { StringEquals: within, ...conditions },
      }),
    );
  statement(use, {});
  statement(['kms:CreateGrant'], { Bool: { 'kms:GrantIsForAWSResource': 'true' } });
  return key;
}
