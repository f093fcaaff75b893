import { Aws, Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';

/** What each step may do. One function a right, so that a role reads as the list of them. */

interface Storage {
  readonly table: ITable;
  readonly bucket: IBucket;
  readonly key: IKey;
}
interface Distribution {
  readonly bus: IEventBus;
  readonly notices: ITopic;
  readonly imageKey?: IKey;
  readonly aliasPath: string;
}

function allow(who: IGrantable, actions: string[], resources: string[], conditions?: Record<string, unknown>): void {
  who.grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ actions, resources, conditions: conditions as never }));
}

const ec2 = (kind: string, account: string = Aws.ACCOUNT_ID) =>
  `arn:${Aws.PARTITION}:ec2:${Aws.REGION}:${account}:${kind}/*`;
/** Images and snapshots have ARNs without an account. */
const IMAGES = ec2('image', '');
const SNAPSHOTS = ec2('snapshot', '');
const OURS = { StringLike: { 'aws:ResourceTag/kiln:key': '*' } };

/** The catalog, items and indexes, never the table itself. */
export function readAndWriteCatalog({ table, key }: Storage, who: IGrantable): void {
  const actions = ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query', 'ConditionCheckItem'];
  const indexes = ['group', 'all'].map((it) => `${table.tableArn}/index/${it}`);
  allow(
    who,
    actions.map((it) => `dynamodb:${it}`),
    [table.tableArn, ...indexes],
  );
  useKey(key, who);
}

/** A key, for what services encrypt with it on the step's behalf. */
function useKey(key: IKey, who: IGrantable): void {
  allow(who, ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'], [key.keyArn]);
}

/** Messages into queues that the key encrypts. */
export function sendMessages({ key }: Storage, who: IGrantable, ...queues: IQueue[]): void {
  allow(
    who,
    ['sqs:SendMessage'],
    queues.map((it) => it.queueArn),
  );
  useKey(key, who);
}

/** One function, the version that is deployed. */
export function invoke(who: IGrantable, ...functions: IFunction[]): void {
  allow(
    who,
    ['lambda:InvokeFunction'],
    functions.map((it) => it.functionArn),
  );
}

/** Artifacts, settings, what was seen of the archive's suites, universes. */
export function readAndWriteBucket({ bucket, key }: Storage, who: IGrantable): void {
  allow(who, ['s3:ListBucket'], [bucket.bucketArn]);
  const actions = ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload'];
  const folders = ['artifacts', 'settings', 'suites', 'universes'].map((it) => bucket.arnForObjects(`${it}/*`));
  allow(who, actions, folders);
  useKey(key, who);
}

/** Artifacts that newer ones stand in for; the bucket keeps what was removed for a while. */
export function removeArtifacts({ bucket }: Storage, who: IGrantable): void {
  allow(who, ['s3:DeleteObject'], [bucket.arnForObjects('artifacts/*')]);
}

/** Testers: their roots, what was asked of them, what they answered. */
export function keepTesters({ bucket, key }: Pick<Storage, 'bucket' | 'key'>, who: IGrantable): void {
  allow(who, ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload'], [bucket.arnForObjects('testers/*')]);
  useKey(key, who);
}

/** Lists of fleets. */
export function keepFleets({ bucket, key }: Pick<Storage, 'bucket' | 'key'>, who: IGrantable): void {
  allow(who, ['s3:PutObject'], [bucket.arnForObjects('fleet/*')]);
  useKey(key, who);
}

/** Specs, read only. */
export function readSettings({ bucket, key }: Pick<Storage, 'bucket' | 'key'>, who: IGrantable): void {
  allow(who, ['s3:ListBucket'], [bucket.bucketArn]);
  allow(who, ['s3:GetObject'], [bucket.arnForObjects('settings/*')]);
  useKey(key, who);
}

/** Where AWS and vendors publish the AMIs of today: public parameters, and images of EC2 Image Builder, whoever owns them. */
export function findParents(who: IGrantable): void {
  allow(who, ['ssm:GetParameter'], [`arn:${Aws.PARTITION}:ssm:${Aws.REGION}::parameter/aws/service/*`]);
  const images = `arn:${Aws.PARTITION}:imagebuilder:${Aws.REGION}:*:image/*`;
  allow(who, ['imagebuilder:GetImage', 'imagebuilder:ListImageBuildVersions'], [images]);
}

/** Commands of tests, by the two projects that make testers and run them. */
export function runCommands(storage: Storage, who: IFunction, projects: readonly string[]): void {
  const arns = projects.map((it) =>
    Stack.of(who).formatArn({ service: 'codebuild', resource: 'project', resourceName: it }),
  );
  allow(who, ['codebuild:StartBuild', 'codebuild:BatchGetBuilds'], arns);
  keepTesters(storage, who);
}

/** Whether an execution still runs. */
export function describeExecutions(who: IGrantable, machineArn: string): void {
  allow(who, ['states:DescribeExecution'], [machineArn.replace(':stateMachine:', ':execution:').concat(':*')]);
}

/** EBS direct: new snapshots, block by block. */
export function writeSnapshots(who: IGrantable): void {
  allow(who, ['ebs:StartSnapshot', 'ebs:PutSnapshotBlock', 'ebs:CompleteSnapshot'], [SNAPSHOTS]);
}

/** Registering, sharing, disabling and removing images that carry Kiln's tag, also in other regions; describing any, which knows no resources. */
export function handleImages(who: IGrantable, regions: readonly string[] = []): void {
  const describe = ['ec2:DescribeImages', 'ec2:DescribeImageAttribute', 'ec2:DescribeSnapshots'];
  allow(who, describe, ['*']);
  const images = [IMAGES, ...regions.map((it) => ec2In(it, 'image'))];
  const snapshots = [SNAPSHOTS, ...regions.map((it) => ec2In(it, 'snapshot'))];
  allow(who, ['ec2:RegisterImage'], [IMAGES, SNAPSHOTS]);
  allow(who, ['ec2:CreateTags'], [IMAGES, SNAPSHOTS], {
    StringEquals: { 'ec2:CreateAction': ['RegisterImage', 'StartSnapshot'] },
  });
  const change = ['CreateTags', 'ModifyImageAttribute', 'DisableImage', 'DeregisterImage', 'EnableImageDeprecation'];
  allow(
    who,
    change.map((it) => `ec2:${it}`),
    images,
    OURS,
  );
  allow(who, ['ec2:CreateTags', 'ec2:ModifySnapshotAttribute', 'ec2:DeleteSnapshot'], snapshots, OURS);
}

const ec2In = (region: string, kind: string) => `arn:${Aws.PARTITION}:ec2:${region}::${kind}/*`;

/** Copies of images that carry Kiln's tag into the regions of the deployment, under their keys. */
export function handleCopies(
  who: IGrantable,
  { name, copyRegions }: { readonly name: string; readonly copyRegions: readonly string[] },
): void {
  if (copyRegions.length === 0) return;
  const there = copyRegions.flatMap((it) => [ec2In(it, 'image'), ec2In(it, 'snapshot')]);
  allow(who, ['ec2:CopyImage'], there);
  allow(who, ['ec2:CopyImage'], [IMAGES, SNAPSHOTS], OURS);
  allow(who, ['ec2:CreateTags'], there, { StringEquals: { 'ec2:CreateAction': ['CopyImage'] } });
  const keys = copyRegions.map((it) => `arn:${Aws.PARTITION}:kms:${it}:${Aws.ACCOUNT_ID}:key/*`);
  const ours = { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': `alias/${name}/images` } };
  const use = ['Decrypt', 'DescribeKey', 'GenerateDataKeyWithoutPlaintext', 'ReEncryptFrom', 'ReEncryptTo'];
  const grants = ['CreateGrant', 'ListGrants', 'RevokeGrant'];
  allow(
    who,
    [...use, ...grants].map((it) => `kms:${it}`),
    keys,
    ours,
  );
}

/** Taking over what Image Builder made: it marks its images and snapshots itself. */
export function adoptImages(who: IGrantable): void {
  const theirs = { StringEquals: { 'aws:ResourceTag/CreatedBy': 'EC2 Image Builder' } };
  allow(who, ['ec2:CreateTags'], [IMAGES, SNAPSHOTS], theirs);
}

/** Components, recipes and images of EC2 Image Builder whose names begin with the deployment's; listing, which knows no resources. */
export function useImageBuilder({ bucket }: Storage, who: IFunction, name: string): void {
  const arn = (resource: string, resourceName: string) =>
    Stack.of(who).formatArn({ service: 'imagebuilder', resource, resourceName });
  const made = ['component', 'image-recipe', 'image'].map((it) => arn(it, `${name}-*`));
  const fixed = ['infrastructure-configuration', 'distribution-configuration'].map((it) => arn(it, name));
  const create = ['CreateComponent', 'CreateImageRecipe', 'CreateImage', 'TagResource'];
  const get = ['Component', 'ImageRecipe', 'Image', 'InfrastructureConfiguration', 'DistributionConfiguration'];
  allow(
    who,
    [...create, ...get.map((it) => `Get${it}`)].map((it) => `imagebuilder:${it}`),
    [...made, ...fixed],
  );
  allow(who, ['imagebuilder:ListComponents', 'imagebuilder:ListImageRecipes'], ['*']);
  const service = 'imagebuilder.amazonaws.com';
  const role = `role/aws-service-role/${service}/AWSServiceRoleForImageBuilder`;
  allow(who, ['iam:CreateServiceLinkedRole'], [`arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:${role}`], {
    StringEquals: { 'iam:AWSServiceName': service },
  });
  allow(who, ['s3:GetObject', 's3:PutObject'], [bucket.arnForObjects('image-builder/*')]);
}

/** The key of the images: to write snapshots, and to let accounts use it. */
export function useImageKey({ imageKey }: Distribution, who: IGrantable): void {
  if (!imageKey) return;
  useKey(imageKey, who);
  const grants = [
    'CreateGrant',
    'ListGrants',
    'RevokeGrant',
    'GenerateDataKeyWithoutPlaintext',
    'ReEncryptFrom',
    'ReEncryptTo',
  ];
  allow(
    who,
    grants.map((it) => `kms:${it}`),
    [imageKey.keyArn],
  );
}

/** The parameters that aliases are. */
export function setAliases({ aliasPath }: Distribution, who: IGrantable, regions: readonly string[] = []): void {
  allow(
    who,
    ['ssm:GetParameter', 'ssm:PutParameter', 'ssm:DeleteParameter'],
    [Aws.REGION, ...regions].map((it) => `arn:${Aws.PARTITION}:ssm:${it}:${Aws.ACCOUNT_ID}:parameter${aliasPath}/*`),
  );
}

/** Launch templates that Kiln may change are those tagged `kiln:follows`; the groups are named. */
export function followTemplates(
  { aliasPath }: Pick<Distribution, 'aliasPath'>,
  who: IFunction,
  groups: readonly string[],
): void {
  const parameter = `arn:${Aws.PARTITION}:ssm:${Aws.REGION}:${Aws.ACCOUNT_ID}:parameter${aliasPath}/*`;
  allow(who, ['ssm:GetParameter'], [parameter]);
  const tagged = { StringLike: { 'aws:ResourceTag/kiln:follows': '*' } };
  allow(who, ['ec2:CreateLaunchTemplateVersion', 'ec2:ModifyLaunchTemplate'], [ec2('launch-template')], tagged);
  allow(who, ['ec2:DescribeLaunchTemplateVersions'], ['*']);
  if (groups.length === 0) return;
  const arns = groups.map(
    (it) =>
      `arn:${Aws.PARTITION}:autoscaling:${Aws.REGION}:${Aws.ACCOUNT_ID}:autoScalingGroup:*:autoScalingGroupName/${it}`,
  );
  allow(who, ['autoscaling:StartInstanceRefresh'], arns);
  allow(who, ['autoscaling:DescribeInstanceRefreshes'], ['*']);
}

/** Notices on the bus and the topic. */
export function tell({ bus, notices }: Pick<Distribution, 'bus' | 'notices'>, who: IGrantable): void {
  allow(who, ['events:PutEvents'], [bus.eventBusArn]);
  allow(who, ['sns:Publish'], [notices.topicArn]);
}

/** Test instances in the one subnet with the one security group, and nobody else's instances ended. */
export function runTestInstances(who: IFunction, { subnet, group }: { subnet: string; group: string }): void {
  const arn = (kind: string, id: string) =>
    Stack.of(who).formatArn({ service: 'ec2', resource: kind, resourceName: id });
  const places = [arn('subnet', subnet), arn('security-group', group)];
  allow(who, ['ec2:RunInstances'], [IMAGES], OURS);
  allow(who, ['ec2:RunInstances'], [...places, ec2('instance'), ec2('volume'), ec2('network-interface')]);
  allow(who, ['ec2:CreateTags'], [ec2('instance')], { StringEquals: { 'ec2:CreateAction': 'RunInstances' } });
  allow(who, ['ec2:GetConsoleOutput'], [ec2('instance')], OURS);
  endTestInstances(who);
}

/** Test instances ended, also those that somebody else launched and left. */
export function endTestInstances(who: IGrantable): void {
  allow(who, ['ec2:TerminateInstances'], [ec2('instance')], OURS);
  allow(who, ['ec2:DescribeInstances'], ['*']);
}
