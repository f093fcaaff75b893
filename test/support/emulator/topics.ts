import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { deployedResources } from './deployed-templates.ts';
import { deployedExports, resolvedProperties } from './intrinsics.ts';

interface Subscription {
  readonly TopicArn: string;
  readonly Protocol: string;
  readonly Endpoint: string;
  readonly Region?: string;
}

/** Makes the subscriptions of the deployed templates, which the emulator's CloudFormation leaves out. */
export async function connectTopics(): Promise<void> {
  const exports = await deployedExports();
  for (const resource of await deployedResources('AWS::SNS::Subscription')) {
    const { RedrivePolicy: _, ...properties } = resource.properties;
    const stated = resolvedProperties({ ...resource, properties }, exports);
    const { TopicArn, Protocol, Endpoint, Region } = stated as unknown as Subscription;
    await new SNSClient({ region: Region }).send(new SubscribeCommand({ TopicArn, Protocol, Endpoint }));
  }
}
