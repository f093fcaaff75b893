import { Aws, CfnCondition, CfnOutput, Duration, Fn, Stack, type StackProps } from 'aws-cdk-lib';
import { EventBus, type EventPattern, Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction, SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { CfnSubscription } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Configuration } from '../configuration.ts';
import * as rights from '../constructs/rights.ts';
import { StepFunction } from '../constructs/step-function.ts';
import { TemplateFollower } from '../constructs/template-follower.ts';
import type { BuildStack } from './build-stack.ts';
import type { DistributionStack } from './distribution-stack.ts';
import type { StorageStack } from './storage-stack.ts';

export interface TriggersProps extends StackProps {
  readonly configuration: Configuration;
  readonly storage: StorageStack;
  readonly distribution: DistributionStack;
  readonly build: BuildStack;
}

const FUNCTION_TIMEOUT = Duration.minutes(1);

/** What starts builds: the bus, changed settings, schedules and the watch over indexes, all through one queue. */
export class TriggersStack extends Stack {
  readonly deadLetters: Queue;
  /** All in which events wait, the dead letters last. */
  readonly queues: readonly Queue[];
  readonly watch: StepFunction;

  constructor(scope: Construct, id: string, props: TriggersProps) {
    super(scope, id, props);
    const { name, schedules } = props.configuration;
    this.deadLetters = queue(this, 'DeadLetters', `${name}-requests-dead`, props.storage, {
      retentionPeriod: Duration.days(14),
    });
    const requests = queue(this, 'Requests', `${name}-requests`, props.storage, {
      visibilityTimeout: Duration.minutes(6),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: 5 },
    });
    this.startFrom(requests, props);
    this.listen(requests, props);
    this.hearVendors(requests, props);
    const changes = queue(this, 'Changes', `${name}-changes`, props.storage, {
      visibilityTimeout: Duration.minutes(90),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: 5 },
    });
    this.queues = [requests, changes, this.deadLetters];
    this.watch = this.watchFrom(changes, props);
    if (Object.keys(schedules).length > 0) this.schedule(requests, props);
    if (Object.keys(props.configuration.launchTemplates).length > 0) this.followImages(props);
    new CfnOutput(this, 'RequestsQueueUrl', { value: requests.queueUrl });
    new CfnOutput(this, 'ChangesQueueUrl', { value: changes.queueUrl });
    new CfnOutput(this, 'DeadLettersQueueUrl', { value: this.deadLetters.queueUrl });
  }

  private followImages({ configuration, storage, distribution, build }: TriggersProps): void {
    const { key } = storage;
    const { deadLetters } = this;
    const { aliasPath, bus, notices } = distribution;
    const environment = build.variables;
    new TemplateFollower(this, 'Templates', { configuration, key, deadLetters, environment, aliasPath, bus, notices });
  }

  private startFrom(requests: Queue, { configuration, storage, build }: TriggersProps): void {
    const start = new StepFunction(this, 'StartBuild', {
      verb: 'start-build',
      prefix: configuration.name,
      key: storage.key,
      environment: build.variables,
      timeout: FUNCTION_TIMEOUT,
    });
    rights.readAndWriteCatalog(storage, start.function);
    build.machine.grantStartExecution(start.function);
    build.fleet.grantStartExecution(start.function);
    rights.readSettings(storage, start.function);
    if (configuration.vendorTopics.length > 0) rights.findParents(start.function);
    const source = { batchSize: 10, reportBatchItemFailures: true, maxConcurrency: 5 };
    start.function.addEventSource(new SqsEventSource(requests, source));
  }

  private listen(requests: Queue, { configuration, distribution, storage }: TriggersProps): void {
    this.addStackDependency(distribution);
    const bus = (id: string, busName: string) => EventBus.fromEventBusName(this, id, busName);
    new Rule(this, 'Asked', {
      eventBus: bus('Bus', configuration.name),
      description: 'builds asked for, and components that were updated',
      eventPattern: { detailType: ['kiln.build.requested', 'kiln.component.updated'] },
      targets: [this.into(requests)],
    });
    new Rule(this, 'SettingsChanged', {
      eventBus: bus('DefaultBus', 'default'),
      description: 'specs and the files beside them',
      eventPattern: storedIn(storage, 'settings/images/'),
      targets: [this.into(requests)],
    });
  }

  /** Notices of vendors' topics, wherever those are, come into the same queue. */
  private hearVendors(requests: Queue, { configuration }: TriggersProps): void {
    for (const [index, topicArn] of configuration.vendorTopics.entries()) {
      // What cannot be delivered becomes a dead letter, which the topic puts there itself.
      for (const it of [requests, this.deadLetters]) takeFrom(it, topicArn);
      const region = topicArn.split(':')[3] ?? '';
      const expression = Fn.conditionEquals(Aws.REGION, region);
      const here = new CfnCondition(this, `VendorTopic${index}Here`, { expression });
      // A subscription's dead letters stay in its own region, which is the topic's (SNS, dead-letter queues).
      const redrive = { deadLetterTargetArn: this.deadLetters.queueArn };
      new CfnSubscription(this, `VendorTopic${index}`, {
        topicArn,
        protocol: 'sqs',
        endpoint: requests.queueArn,
        region,
        redrivePolicy: Fn.conditionIf(here.logicalId, redrive, Aws.NO_VALUE),
      });
    }
  }

  private into(to: Queue): SqsQueue {
    return new SqsQueue(to, { deadLetterQueue: this.deadLetters, retryAttempts: 20 });
  }

  /**
   * Compares signed indexes and inputs with those last seen: starts the images that are affected, and judges again what was built already
   * where policies, accounts or advisories changed; these are told of at once, all else is found by looking every so often.
   */
  private watchFrom(changes: Queue, { configuration, storage, distribution, build }: TriggersProps): StepFunction {
    const watch = new StepFunction(this, 'WatchChanges', {
      verb: 'watch-changes',
      prefix: configuration.name,
      key: storage.key,
      environment: { ...build.variables, ...build.testBed.environment },
      memoryMiB: 1769,
      scratchMiB: 4096,
      timeout: Duration.minutes(15),
    });
    rights.readAndWriteCatalog(storage, watch.function);
    rights.readAndWriteBucket(storage, watch.function);
    rights.removeArtifacts(storage, watch.function);
    rights.describeExecutions(watch.function, build.variables.KILN_MACHINE as string);
    rights.handleImages(watch.function, configuration.copyRegions);
    rights.handleCopies(watch.function, configuration);
    rights.useImageKey(distribution, watch.function);
    rights.tell(distribution, watch.function);
    rights.invoke(watch.function, build.testBed.prober.function);
    rights.runTestInstances(watch.function, build.testBed.place);
    rights.runCommands(storage, watch.function, build.testBed.projects);
    build.machine.grantStartExecution(watch.function);
    build.fleet.grantStartExecution(watch.function);
    new Rule(this, 'PoliciesChanged', {
      eventBus: EventBus.fromEventBusName(this, 'SettingsBus', 'default'),
      description: 'policies and accounts',
      eventPattern: storedIn(storage, 'settings/policies/', 'settings/accounts.yaml'),
      targets: [this.into(changes)],
    });
    // One look is enough for all that changed meanwhile.
    const source = { batchSize: 100, maxBatchingWindow: Duration.seconds(10), maxConcurrency: 2 };
    watch.function.addEventSource(new SqsEventSource(changes, source));
    new Rule(this, 'Watch', {
      description: 'looks at indexes, policies, tests and accounts',
      schedule: Schedule.rate(Duration.minutes(configuration.watchMinutes)),
      targets: [new LambdaFunction(watch.function, { deadLetterQueue: this.deadLetters, retryAttempts: 2 })],
    });
    return watch;
  }

  private schedule(requests: Queue, { configuration, storage }: TriggersProps): void {
    const group = new CfnScheduleGroup(this, 'Schedules', { name: configuration.name });
    const role = new Role(this, 'ScheduleRole', { assumedBy: new ServicePrincipal('scheduler.amazonaws.com') });
    rights.sendMessages(storage, role, requests, this.deadLetters);
    for (const [image, { cron, timezone, jitterMinutes }] of Object.entries(configuration.schedules)) {
      const made = new CfnSchedule(this, `Schedule-${image}`, {
        name: `${configuration.name}-${image}`,
        groupName: configuration.name,
        description: `builds ${image} by the clock`,
        scheduleExpression: `cron(${cron})`,
        scheduleExpressionTimezone: timezone,
        flexibleTimeWindow:
          jitterMinutes === 0 ? { mode: 'OFF' } : { mode: 'FLEXIBLE', maximumWindowInMinutes: jitterMinutes },
        target: {
          arn: requests.queueArn,
          roleArn: role.roleArn,
          deadLetterConfig: { arn: this.deadLetters.queueArn },
          // Scheduler puts the identifier of this one firing in, so that a delivery that comes twice starts one build.
          input: JSON.stringify({
            id: '<aws.scheduler.execution-id>',
            'detail-type': 'kiln.build.requested',
            detail: { image, cause: { kind: 'schedule', detail: cron } },
          }),
        },
      });
      made.addResourceDependency(group);
    }
  }
}

/** Lets a topic put messages into a queue. */
function takeFrom(to: Queue, topicArn: string): void {
  to.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('sns.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [to.queueArn],
      conditions: { ArnEquals: { 'aws:SourceArn': topicArn } },
    }),
  );
}

/** Objects put into the bucket below one of the prefixes. */
function storedIn({ bucket }: StorageStack, ...prefixes: string[]): EventPattern {
  return {
    source: ['aws.s3'],
    detailType: ['Object Created'],
    detail: { bucket: { name: [bucket.bucketName] }, object: { key: prefixes.map((prefix) => ({ prefix })) } },
  };
}

function queue(stack: Stack, id: string, queueName: string, { key }: StorageStack, further: object): Queue {
  const encryption = QueueEncryption.KMS;
  return new Queue(stack, id, { queueName, encryption, encryptionMasterKey: key, enforceSSL: true, ...further });
}
