import { PutBucketNotificationConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import { deployedResources } from './deployed-templates.ts';

/** Lets buckets tell the bus of their objects where their template says so, which the emulator's CloudFormation leaves undone. */
export async function connectBuckets(): Promise<void> {
  const client = new S3Client({});
  for (const { properties, physicalId } of await deployedResources('AWS::S3::Bucket')) {
    if (!JSON.stringify(properties.NotificationConfiguration ?? {}).includes('"EventBridgeEnabled":true')) continue;
    const NotificationConfiguration = { EventBridgeConfiguration: {} };
    await client.send(new PutBucketNotificationConfigurationCommand({ Bucket: physicalId, NotificationConfiguration }));
  }
}
