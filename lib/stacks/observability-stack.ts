import { Duration, Stack, type StackProps } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  Metric,
  SingleValueWidget,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { Configuration } from '../configuration.ts';
import type { BuildStack } from './build-stack.ts';
import type { DistributionStack } from './distribution-stack.ts';
import type { TriggersStack } from './triggers-stack.ts';

export interface ObservabilityProps extends StackProps {
  readonly configuration: Configuration;
  readonly distribution: DistributionStack;
  readonly build: BuildStack;
  readonly triggers: TriggersStack;
}

interface Watched {
  readonly id: string;
  readonly metric: IMetric;
  /** Alarm when the metric is above it. */
  readonly above: number;
  readonly description: string;
}

/** Alarms to the topic of notices, and a dashboard. */
export class ObservabilityStack extends Stack {
  constructor(scope: Construct, id: string, props: ObservabilityProps) {
    super(scope, id, props);
    const watched = watchedBy(props);
    const { name, alertTopics } = props.configuration;
    const own = alertTopics.map((arn, index) => Topic.fromTopicArn(this, `AlertTopic${index}`, arn));
    const actions = [props.distribution.notices, ...own].map((it) => new SnsAction(it));
    for (const it of watched) {
      const alarm = new Alarm(this, it.id, {
        alarmName: `${name}-${it.id}`,
        alarmDescription: it.description,
        metric: it.metric,
        threshold: it.above,
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluationPeriods: 1,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(...actions);
    }
    dashboard(this, props, watched);
  }
}

function watchedBy({ configuration, build, triggers }: ObservabilityProps): Watched[] {
  const fleet = (metricName: string) =>
    new Metric({
      namespace: 'Kiln',
      metricName,
      dimensionsMap: { service: configuration.name },
      statistic: 'Maximum',
      period: Duration.hours(1),
    });
  return [
    {
      id: 'failed-builds',
      metric: build.machine.metricFailed({ statistic: 'Sum' }),
      above: 0,
      description: 'a build was refused or failed: its execution and its record say why',
    },
    {
      id: 'failed-fleets',
      metric: build.fleet.metricFailed({ statistic: 'Sum' }),
      above: 0,
      description: 'more builds of a fleet failed than are tolerated: no further one was started',
    },
    {
      id: 'timed-out-builds',
      metric: build.machine.metricTimedOut({ statistic: 'Sum' }),
      above: 0,
      description: 'a build took longer than its state machine allows',
    },
    {
      id: 'dead-letters',
      metric: triggers.deadLetters.metricApproximateNumberOfMessagesVisible(),
      above: 0,
      description: 'events that could not be handled are waiting',
    },
    {
      id: 'watch-errors',
      metric: triggers.watch.function.metricErrors({ statistic: 'Sum' }),
      above: 0,
      description: 'indexes could not be looked at',
    },
    {
      id: 'index-age',
      metric: fleet('IndexAgeHours'),
      above: configuration.staleIndexHours,
      description: 'the newest package index is old: the mirror may be stuck',
    },
    {
      id: 'stale-images',
      metric: fleet('StaleImages'),
      above: 0,
      description: 'images for which nothing was published for 30 days',
    },
  ];
}

function dashboard(stack: Stack, { configuration, build, triggers }: ObservabilityProps, watched: Watched[]): void {
  const { machine, fleet } = build;
  const graph = (title: string, left: IMetric[]) => new GraphWidget({ title, left, width: 12 });
  const ends = [machine.metricStarted(), machine.metricSucceeded(), machine.metricFailed(), fleet.metricFailed()];
  const times = [machine.metricTime({ statistic: 'p50' }), machine.metricTime({ statistic: 'p90' })];
  const watch = [triggers.watch.function.metricDuration(), triggers.watch.function.metricErrors()];
  new Dashboard(stack, 'Dashboard', {
    dashboardName: configuration.name,
    widgets: [
      [graph('Builds', ends), graph('Time of a build', times)],
      [
        graph('Time of each step, by how it ended', [ofSteps(configuration.name, 'Average')]),
        graph('Steps, by how they ended', [ofSteps(configuration.name, 'SampleCount')]),
      ],
      [
        graph('Watch over changes', watch),
        graph(
          'Events that wait',
          triggers.queues.map((it) => it.metricApproximateNumberOfMessagesVisible()),
        ),
      ],
      [new SingleValueWidget({ title: 'Now', metrics: watched.map((it) => it.metric), width: 24 })],
    ],
  });
}

/** A line for each step and outcome that there was; which those are only their metrics know. */
function ofSteps(service: string, statistic: string): MathExpression {
  const search = `{Kiln,outcome,service,step} MetricName="StepMilliseconds" service="${service}"`;
  return new MathExpression({ expression: `SEARCH('${search}', '${statistic}')`, label: '', usingMetrics: {} });
}
