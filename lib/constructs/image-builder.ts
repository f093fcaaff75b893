import { Aws, Stack } from 'aws-cdk-lib';
import { CfnInstanceProfile, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnDistributionConfiguration, CfnInfrastructureConfiguration } from 'aws-cdk-lib/aws-imagebuilder';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

export interface ImageBuilderProps {
  /** First part of every name. */
  readonly name: string;
  readonly bucket: IBucket;
  /** Encrypts the bucket. */
  readonly key: IKey;
  /** Encrypts what is built. @default not encrypted */
  readonly imageKey?: IKey;
  readonly instanceTypes: readonly string[];
  /** Where instances are built, with a way to Systems Manager and S3. @default the account's default network */
  readonly subnetId?: string;
  readonly securityGroupIds?: readonly string[];
}

/**
 * What EC2 Image Builder needs besides components and recipes, which the pipeline makes: where instances are built and as what, and how
 * AMIs are tagged and encrypted. Nothing of it costs anything while idle.
 */
export class ImageBuilder extends Construct {
  /** By name, so that what refers to them does not wait for them. */
  readonly infrastructureArn: string;
  readonly distributionArn: string;

  constructor(scope: Construct, id: string, props: ImageBuilderProps) {
    super(scope, id);
    const { name } = props;
    const arn = (resource: string) =>
      Stack.of(this).formatArn({ service: 'imagebuilder', resource, resourceName: name });
    this.infrastructureArn = arn('infrastructure-configuration');
    this.distributionArn = arn('distribution-configuration');
    const profile = new CfnInstanceProfile(this, 'Profile', { roles: [this.instanceRole(props).roleName] });
    new CfnInfrastructureConfiguration(this, 'Infrastructure', {
      name,
      description: 'where Image Builder builds images on a parent',
      instanceProfileName: profile.ref,
      instanceTypes: [...props.instanceTypes],
      instanceMetadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 1 },
      terminateInstanceOnFailure: true,
      subnetId: props.subnetId,
      securityGroupIds: props.securityGroupIds && [...props.securityGroupIds],
    });
    new CfnDistributionConfiguration(this, 'Distribution', {
      name,
      description: 'tags by which Kiln may handle the AMI; it shares and copies it itself',
      distributions: [
        {
          region: Aws.REGION,
          amiDistributionConfiguration: {
            Name: `${name} {{ imagebuilder:buildDate }}`,
            AmiTags: { 'kiln:key': 'image-builder' },
            ...(props.imageKey ? { KmsKeyId: props.imageKey.keyArn } : {}),
          },
        },
      ],
    });
  }

  /** What an instance that is being built may do: be reached by Systems Manager, fetch its component and packages, hand out its tree. */
  private instanceRole({ name, bucket, key }: ImageBuilderProps): Role {
    const role = new Role(this, 'InstanceRole', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
    const allow = (actions: string[], resources: string[]) =>
      role.addToPolicy(new PolicyStatement({ actions, resources }));
    allow(REACHED_BY_SYSTEMS_MANAGER, ['*']);
    const components = Stack.of(this).formatArn({
      service: 'imagebuilder',
      resource: 'component',
      resourceName: `${name}-*`,
    });
    allow(['imagebuilder:GetComponent'], [components]);
    const folders = ['packages', 'overlays', 'documents'].map((it) => bucket.arnForObjects(`image-builder/${it}/*`));
    allow(['s3:GetObject'], folders);
    allow(['s3:PutObject'], [bucket.arnForObjects('image-builder/trees/*')]);
    allow(['kms:Decrypt', 'kms:GenerateDataKey'], [key.keyArn]);
    return role;
  }
}

/** Actions of the agent, which know no resources (service authorization reference). */
const REACHED_BY_SYSTEMS_MANAGER = [
  'ssm:UpdateInstanceInformation',
  'ssmmessages:CreateControlChannel',
  'ssmmessages:CreateDataChannel',
  'ssmmessages:OpenControlChannel',
  'ssmmessages:OpenDataChannel',
  'ec2messages:AcknowledgeMessage',
  'ec2messages:DeleteMessage',
  'ec2messages:FailMessage',
  'ec2messages:GetEndpoint',
  'ec2messages:GetMessages',
  'ec2messages:SendReply',
];
