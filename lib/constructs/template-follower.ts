import { Duration, Stack } from 'aws-cdk-lib';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { EventBus, Match, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Configuration } from '../configuration.ts';
import { followTemplates, tell } from './rights.ts';
import { StepFunction } from './step-function.ts';

export interface TemplateFollowerProps {
  readonly configuration: Configuration;
  readonly key: IKey;
  readonly deadLetters: IQueue;
  readonly environment: Readonly<Record<string, string>>;
  readonly aliasPath: string;
  readonly bus: IEventBus;
  readonly notices: ITopic;
}

/** Launch templates that follow an image: told by the bus, through a queue in which one that has to wait for a running refresh waits. */
export class TemplateFollower extends Construct {
  constructor(scope: Construct, id: string, props: TemplateFollowerProps) {
    super(scope, id);
    const { name, launchTemplates } = props.configuration;
    const queue = new Queue(this, 'Queue', {
      queueName: `${name}-templates`,
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: props.key,
      enforceSSL: true,
      visibilityTimeout: Duration.minutes(6),
      // A refresh takes its time: two hours of trying before it is an operator's.
      deadLetterQueue: { queue: props.deadLetters, maxReceiveCount: 20 },
    });
    new Rule(this, 'Changed', {
      eventBus: EventBus.fromEventBusName(this, 'Bus', name),
      description: 'images that were published or recalled',
      eventPattern: { source: ['kiln'], detailType: ['image.published', 'image.recalled'] },
      targets: [new SqsQueue(queue, { deadLetterQueue: props.deadLetters })],
    });
    const groups = Object.values(launchTemplates).flatMap((all) => all.flatMap((it) => it.autoScalingGroup ?? []));
    if (groups.length > 0) {
      new Rule(this, 'Refreshed', {
        eventBus: EventBus.fromEventBusName(this, 'DefaultBus', 'default'),
        description: 'instance refreshes that ended, well or by going back',
        eventPattern: {
          source: ['aws.autoscaling'],
          detailType: Match.prefix('EC2 Auto Scaling Instance Refresh'),
          detail: { AutoScalingGroupName: groups },
        },
        targets: [new SqsQueue(queue, { deadLetterQueue: props.deadLetters })],
      });
    }
    const follow = new StepFunction(this, 'FollowImage', {
      verb: 'follow-image',
      prefix: name,
      key: props.key,
      environment: { ...props.environment, KILN_LAUNCH_TEMPLATES: Stack.of(this).toJsonString(launchTemplates) },
    });
    follow.function.addEventSource(new SqsEventSource(queue, { batchSize: 1, reportBatchItemFailures: true }));
    followTemplates(props, follow.function, groups);
    tell(props, follow.function);
  }
}
