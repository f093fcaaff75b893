import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { AttributeType, BillingMode, StreamViewType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, type CfnBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { Configuration } from '../configuration.ts';

export interface StorageProps extends StackProps {
  readonly configuration: Configuration;
}

/** What must outlive every deployment: the catalog, the artifacts and settings, the key that encrypts them. All are retained. */
export class StorageStack extends Stack {
  readonly key: Key;
  readonly table: Table;
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, props: StorageProps) {
    super(scope, id, props);
    const { name, vendorTopics } = props.configuration;
    // Topics of vendors deliver into a queue that the key encrypts.
    this.key = dataKey(this, name, vendorTopics.length > 0 ? ['sns'] : []);
    this.table = catalogTable(this, this.key);
    this.bucket = artifactBucket(this, this.key);
    const description = 'kept when this stack is destroyed: docs/aws.md says how to remove it';
    new CfnOutput(this, 'CatalogTableName', { value: this.table.tableName, description });
    new CfnOutput(this, 'BucketName', { value: this.bucket.bucketName, description });
    new CfnOutput(this, 'DataKeyArn', { value: this.key.keyArn, description });
  }
}

function dataKey(stack: Stack, name: string, further: readonly string[]): Key {
  const key = new Key(stack, 'Key', {
    alias: `${name}/data`,
    description: 'catalog, artifacts, queues and logs of Kiln',
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  // Services that encrypt on their own account's behalf: logs, and alarms and events that publish to topics and queues.
  key.grantEncryptDecrypt(new ServicePrincipal(`logs.${stack.region}.amazonaws.com`));
  for (const service of ['events', 'cloudwatch', 'scheduler', ...further]) {
    key.grantEncryptDecrypt(new ServicePrincipal(`${service}.amazonaws.com`));
  }
  return key;
}

/** Keys and indexes as `src/adapters/aws/dynamo/table.ts` reads them. */
function catalogTable(stack: Stack, encryptionKey: Key): Table {
  const text = (name: string) => ({ name, type: AttributeType.STRING });
  const table = new Table(stack, 'Catalog', {
    partitionKey: text('pk'),
    sortKey: text('sk'),
    billingMode: BillingMode.PAY_PER_REQUEST,
    encryption: TableEncryption.CUSTOMER_MANAGED,
    encryptionKey,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    stream: StreamViewType.NEW_AND_OLD_IMAGES,
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  for (const indexName of ['group', 'all']) {
    table.addGlobalSecondaryIndex({
      indexName,
      partitionKey: text(`${indexName}Pk`),
      sortKey: text(`${indexName}Sk`),
    });
  }
  return table;
}

function artifactBucket(stack: Stack, encryptionKey: Key): Bucket {
  const common = {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    removalPolicy: RemovalPolicy.RETAIN,
  };
  const accessLogs = new Bucket(stack, 'AccessLogs', {
    ...common,
    encryption: BucketEncryption.S3_MANAGED,
    lifecycleRules: [{ expiration: Duration.days(90) }],
  });
  const bucket = new Bucket(stack, 'Artifacts', {
    ...common,
    encryption: BucketEncryption.KMS,
    encryptionKey,
    bucketKeyEnabled: true,
    versioned: true,
    serverAccessLogsBucket: accessLogs,
    serverAccessLogsPrefix: 'artifacts/',
    lifecycleRules: [
      { abortIncompleteMultipartUploadAfter: Duration.days(1), noncurrentVersionExpiration: Duration.days(30) },
      // The pipeline has its own copy of a tree as soon as it has looked at it.
      { prefix: 'image-builder/trees/', expiration: Duration.days(30) },
      // Roots of testers are made again when they are asked for.
      { prefix: 'testers/', expiration: Duration.days(30) },
      { prefix: 'universes/', expiration: Duration.days(30) },
      { prefix: 'fleet/', expiration: Duration.days(90) },
    ],
  });
  // The property itself rather than the construct's own way, which would deploy a function to set it.
  (bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
    eventBridgeConfiguration: { eventBridgeEnabled: true },
  };
  return bucket;
}
