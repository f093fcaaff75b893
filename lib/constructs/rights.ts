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

/** Artifacts and settings. */
export function readAndWriteBucket({ bucket, key }: Storage, who: IGrantable): void {
  allow(who, ['s3:ListBucket'], [bucket.bucketArn]);
  const actions = ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload'];
  allow(who, actions, [bucket.arnForObjects('artifacts/*'), bucket.arnForObjects('settings/*')]);
  useKey(key, who);
}

/** Whether an execution still runs. */
export function describeExecutions(who: IGrantable, machineArn: string): void {
  allow(who, ['states:DescribeExecution'], [machineArn.replace(':stateMachine:', ':execution:').concat(':*')]);
}

/** EBS direct: new snapshots, block by block. */
export function writeSnapshots(who: IGrantable): void {
  allow(who, ['ebs:StartSnapshot', 'ebs:PutSnapshotBlock', 'ebs:CompleteSnapshot'], [SNAPSHOTS]);
}

/** Registering, sharing, disabling and removing images that carry Kiln's tag; describing any, which knows no resources. */
export function handleImages(who: IGrantable): void {
  const describe = ['ec2:DescribeImages', 'ec2:DescribeImageAttribute', 'ec2:DescribeSnapshots'];
  allow(who, describe, ['*']);
  allow(who, ['ec2:RegisterImage'], [IMAGES, SNAPSHOTS]);
  allow(who, ['ec2:CreateTags'], [IMAGES, SNAPSHOTS], {
    StringEquals: { 'ec2:CreateAction': ['RegisterImage', 'StartSnapshot'] },
  });
  const change = ['ec2:CreateTags', 'ec2:ModifyImageAttribute', 'ec2:DisableImage', 'ec2:DeregisterImage'];
  allow(who, change, [IMAGES], OURS);
  allow(who, ['ec2:CreateTags', 'ec2:ModifySnapshotAttribute', 'ec2:DeleteSnapshot'], [SNAPSHOTS], OURS);
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
export function setAliases({ aliasPath }: Distribution, who: IGrantable): void {
  allow(
    who,
    ['ssm:PutParameter'],
    [`arn:${Aws.PARTITION}:ssm:${Aws.REGION}:${Aws.ACCOUNT_ID}:parameter${aliasPath}/*`],
  );
}

/** Notices on the bus and the topic. */
export function tell({ bus, notices }: Distribution, who: IGrantable): void {
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
  allow(who, ['ec2:TerminateInstances', 'ec2:GetConsoleOutput'], [ec2('instance')], OURS);
  allow(who, ['ec2:DescribeInstances'], ['*']);
}
