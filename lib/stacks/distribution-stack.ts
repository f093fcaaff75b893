import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import type { Configuration } from '../configuration.ts';
import { imageKey } from '../constructs/image-key.ts';
import type { StorageStack } from './storage-stack.ts';

export interface DistributionProps extends StackProps {
  readonly configuration: Configuration;
  readonly storage: StorageStack;
}

/** Where images go from and who hears of it: the images' key, the bus, the topic, the path of the aliases. */
export class DistributionStack extends Stack {
  readonly bus: EventBus;
  readonly notices: Topic;
  /** Encrypts snapshots; none where `encryptImages` is off. */
  readonly imageKey: Key | undefined;
  /** SSM parameters below it name images: `<path>/nginx/latest`. */
  readonly aliasPath: string;

  constructor(scope: Construct, id: string, props: DistributionProps) {
    super(scope, id, props);
    const { name, alertEmail, encryptImages } = props.configuration;
    this.aliasPath = `/${name}/images`;
    this.bus = new EventBus(this, 'Bus', { eventBusName: name, kmsKey: props.storage.key });
    this.notices = new Topic(this, 'Notices', {
      topicName: `${name}-notices`,
      masterKey: props.storage.key,
      enforceSSL: true,
    });
    if (alertEmail !== undefined) this.notices.addSubscription(new EmailSubscription(alertEmail));
    this.imageKey = encryptImages ? imageKey(this, 'ImageKey', props.configuration) : undefined;
    new CfnOutput(this, 'NoticesTopicArn', { value: this.notices.topicArn });
    if (!this.imageKey) return;
    const description = 'kept when this stack is destroyed: snapshots of images cannot be read without it';
    new CfnOutput(this, 'ImageKeyArn', { value: this.imageKey.keyArn, description });
  }
}
