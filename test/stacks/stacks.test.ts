import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { waivers } from '../../lib/waivers.ts';
import { definitionText, substitutionNames } from '../../src/workflow/definition.ts';
import { type Resource, resourcesOf, type Synthesized, synthesize } from '../support/synthesize.ts';

const GOLDEN = join(import.meta.dirname, '../golden/stateful-resources.txt');
const VENDOR_TOPIC = 'arn:aws:sns:us-east-1:137112412989:amazon-linux-2023-ami-updates';
const OWN_TOPIC = 'arn:aws:sns:eu-west-1:123456789012:on-call';
const STATEFUL = ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::KMS::Key'];

/** Actions that know no resource (service authorization reference), so that `*` is all there is. */
const WITHOUT_RESOURCE = new Set([
  'ec2:DescribeImages',
  'ec2:DescribeImageAttribute',
  'ec2:DescribeSnapshots',
  'ec2:DescribeInstances',
  'ec2:DescribeLaunchTemplateVersions',
  'autoscaling:DescribeInstanceRefreshes',
  'imagebuilder:ListComponents',
  'imagebuilder:ListImageRecipes',
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
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeDhcpOptions',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeVpcs',
  'xray:PutTraceSegments',
  'xray:PutTelemetryRecords',
  'xray:GetSamplingRules',
  'xray:GetSamplingTargets',
  'logs:CreateLogDelivery',
  'logs:GetLogDelivery',
  'logs:UpdateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:DescribeResourcePolicies',
  'logs:DescribeLogGroups',
]);

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
}

describe('the stacks', () => {
  let all: Synthesized;
  let resources: Map<string, Resource>;
  const ofType = (...types: string[]) => [...resources].filter(([, it]) => types.includes(it.Type));
  beforeAll(() => {
    all = synthesize({
      schedules: { web: { cron: '0 3 * * ? *', timezone: 'Europe/Berlin' } },
      copyRegions: ['us-east-1'],
      organizations: ['o-abcdefghij'],
      vendorTopics: [VENDOR_TOPIC],
      approvals: ['web'],
      alertTopics: [OWN_TOPIC],
      launchTemplates: { web: [{ template: 'web', autoScalingGroup: 'web' }] },
    });
    resources = resourcesOf(all);
  });

  test('AwsSolutions has no finding that is not waived, and no waiver is for nothing', () => {
    expect(waivers.filter((it) => !all.usedWaivers.has(it)).map((it) => it.reason)).toEqual([]);
  });

  test.each(['build-image', 'build-fleet'])('the state machine %s is the file of that name', (name) => {
    const found = ofType('AWS::StepFunctions::StateMachine').map(([, it]) => it.Properties);
    const machine = found.find((it) => it.StateMachineName === `kiln-${name}`);
    expect(machine?.DefinitionString).toBe(definitionText(name));
    expect(Object.keys(machine?.DefinitionSubstitutions as object).sort()).toEqual(
      substitutionNames(definitionText(name)),
    );
  });

  test('a vendor’s topic tells the queue, which takes messages of that topic alone', () => {
    const [[, subscription]] = ofType('AWS::SNS::Subscription') as [[string, Resource]];
    expect(subscription.Properties).toMatchObject({ TopicArn: VENDOR_TOPIC, Protocol: 'sqs', Region: 'us-east-1' });
    const policies = JSON.stringify(ofType('AWS::SQS::QueuePolicy').map(([, it]) => it.Properties));
    expect(policies).toContain(`"ArnEquals":{"aws:SourceArn":"${VENDOR_TOPIC}"}`);
  });

  test('no role has a wildcard action, nor every resource where an action knows one', () => {
    const wide = ofType('AWS::IAM::Policy').flatMap(([name, it]) => {
      const { Statement } = it.Properties.PolicyDocument as { Statement: Statement[] };
      return Statement.flatMap((one) => tooWide(one).map((action) => `${name}: ${action}`));
    });
    expect(wide.filter((it) => !/(BakeImage|RunCommand).*kms:/.test(it))).toEqual([]);
  });

  test('what holds data outlives its stack, and no change of code replaces it', () => {
    const stateful = ofType(...STATEFUL);
    for (const [name, it] of stateful) {
      expect([name, it.DeletionPolicy, it.UpdateReplacePolicy]).toEqual([name, 'Retain', 'Retain']);
    }
    const lines = stateful
      .map(([name, it]) => `${it.Type} ${name} ${JSON.stringify(identityOf(it))}\n`)
      .sort()
      .join('');
    if (process.env.UPDATE === '1') writeFileSync(GOLDEN, lines);
    expect(lines).toBe(readFileSync(GOLDEN, 'utf8'));
  });

  test('what is kept when a stack is destroyed is told by the stack’s outputs', () => {
    for (const [stack, template] of Object.entries(all.templates)) {
      const { Resources = {}, Outputs = {} } = template.toJSON() as {
        Resources: Record<string, Resource>;
        Outputs: Record<string, { Value: unknown; Description?: string }>;
      };
      const kept = Object.entries(Resources).filter(([, it]) => it.DeletionPolicy === 'Retain');
      const told = Object.values(Outputs).filter((it) =>
        it.Description?.startsWith('kept when this stack is destroyed'),
      );
      for (const [id] of kept.filter(([name]) => !name.startsWith('AccessLogs'))) {
        expect([stack, id, told.some((it) => JSON.stringify(it.Value).includes(`"${id}"`))]).toEqual([stack, id, true]);
      }
    }
  });

  test('the table can be restored to any second and tells of its changes', () => {
    expect(ofType('AWS::DynamoDB::Table')[0]?.[1].Properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      DeletionProtectionEnabled: true,
    });
  });

  test('everything that keeps data encrypts it', () => {
    for (const [name, it] of ofType('AWS::SQS::Queue'))
      expect([name, it.Properties.KmsMasterKeyId]).not.toContain(undefined);
    for (const [name, it] of ofType('AWS::SNS::Topic'))
      expect([name, it.Properties.KmsMasterKeyId]).not.toContain(undefined);
    for (const [name, it] of ofType('AWS::Logs::LogGroup'))
      expect([name, it.Properties.KmsKeyId]).not.toContain(undefined);
    for (const [name, it] of ofType('AWS::S3::Bucket'))
      expect([name, it.Properties.BucketEncryption]).not.toContain(undefined);
  });

  test('nothing is paid by the hour', () => {
    const hourly = ['NatGateway', 'Instance', 'VPCEndpoint', 'EIP', 'Service', 'Cluster', 'LoadBalancer', 'DBInstance'];
    const paid = [...resources.values()].filter((it) => hourly.includes(it.Type.split('::')[2] ?? ''));
    expect(paid.filter((it) => it.Properties.VpcEndpointType !== 'Gateway')).toEqual([]);
  });

  test('test instances have no way in or out; what runs commands beside them reaches S3 alone, and of that a few prefixes', () => {
    expect(ofType('AWS::EC2::InternetGateway', 'AWS::EC2::Route')).toEqual([]);
    const open = ofType('AWS::EC2::SecurityGroup').filter(([, it]) => JSON.stringify(it).includes('0.0.0.0/0'));
    expect(open.map(([name]) => name)).toEqual([expect.stringMatching(/TestNetworkCommands/)]);
    const [[, endpoint], ...more] = ofType('AWS::EC2::VPCEndpoint') as [[string, Resource]];
    expect([endpoint.Properties.VpcEndpointType, more]).toEqual(['Gateway', []]);
    const { Statement } = endpoint.Properties.PolicyDocument as { Statement: Statement[] };
    expect(Statement.filter((it) => [it.Resource].flat().includes('*') || [it.Action].flat().includes('*'))).toEqual(
      [],
    );
  });

  test('a schedule has its time zone, its jitter and what it asks for', () => {
    const [[, schedule]] = ofType('AWS::Scheduler::Schedule') as [[string, Resource]];
    expect(schedule.Properties).toMatchObject({
      ScheduleExpression: 'cron(0 3 * * ? *)',
      ScheduleExpressionTimezone: 'Europe/Berlin',
      FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 15 },
    });
    const { Input } = schedule.Properties.Target as { Input: string };
    expect(JSON.parse(Input).detail).toEqual({ image: 'web', cause: { kind: 'schedule', detail: '0 3 * * ? *' } });
  });

  test('alarms tell the topic of notices and those of the configuration, and the operator’s page says what to do', () => {
    const alarms = ofType('AWS::CloudWatch::Alarm');
    expect(alarms.length).toBeGreaterThan(0);
    const page = readFileSync(join(import.meta.dirname, '../../docs/aws.md'), 'utf8');
    const costs = JSON.parse(readFileSync(join(import.meta.dirname, '../../docs/cost-inputs.json'), 'utf8'));
    expect(costs.idle.find((it: { what: string }) => it.what === 'Alarms').amount).toBe(alarms.length);
    for (const [, { Properties }] of alarms) {
      expect(Properties.AlarmActions).toEqual([expect.anything(), OWN_TOPIC]);
      expect(page).toContain(`| \`${String(Properties.AlarmName).replace(/^kiln-/, '')}\` |`);
    }
  });

  test('the dashboard shows every metric of Kiln’s own, and what the alarms watch', () => {
    const [[, { Properties }]] = ofType('AWS::CloudWatch::Dashboard') as [[string, Resource]];
    const body = JSON.stringify(Properties.DashboardBody);
    const watched = ofType('AWS::CloudWatch::Alarm').map(([, it]) => String(it.Properties.MetricName));
    const sources = ['observed.ts', 'fleet-metrics.ts'].map((it) =>
      readFileSync(join(import.meta.dirname, '../../lambdas/shared', it), 'utf8'),
    );
    const own = sources.flatMap((it) => [...it.matchAll(/addMetric\('(\w+)'/g)].map((match) => match[1] ?? ''));
    expect(own).toHaveLength(3);
    for (const name of [...own, ...watched]) expect(body).toContain(name);
  });

  test('what cannot be delivered of a vendor’s notice becomes a dead letter where the topic is in this region', () => {
    const [[, { Properties }]] = ofType('AWS::SNS::Subscription') as [[string, Resource]];
    expect(Properties.RedrivePolicy).toMatchObject({ 'Fn::If': [expect.anything(), { deadLetterTargetArn: {} }, {}] });
    const policies = ofType('AWS::SQS::QueuePolicy').map(([, it]) => JSON.stringify(it.Properties));
    expect(policies.filter((it) => it.includes(VENDOR_TOPIC))).toHaveLength(2);
  });

  test('buckets, queues and topics refuse what does not come by TLS; no log is kept for ever', () => {
    const policies = ofType('AWS::S3::BucketPolicy', 'AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy');
    const guarded = ofType('AWS::S3::Bucket', 'AWS::SQS::Queue', 'AWS::SNS::Topic');
    expect(policies).toHaveLength(guarded.length);
    for (const [, it] of policies) {
      expect(JSON.stringify(it.Properties)).toContain('"Bool":{"aws:SecureTransport":"false"}');
    }
    for (const [, it] of ofType('AWS::Logs::LogGroup')) expect(it.Properties.RetentionInDays).toBeLessThanOrEqual(90);
  });
});

function tooWide({ Effect, Action, Resource }: Statement): string[] {
  const actions = [Action].flat();
  if (Effect !== 'Allow') return [];
  const everything = [Resource].flat().includes('*');
  return actions.filter((it) => it.includes('*') || (everything && !WITHOUT_RESOURCE.has(it)));
}

/** The properties whose change replaces the resource (CloudFormation: update requires replacement). */
function identityOf({ Type, Properties }: Resource): unknown {
  if (Type === 'AWS::DynamoDB::Table')
    return [Properties.TableName, Properties.KeySchema, Properties.LocalSecondaryIndexes];
  if (Type === 'AWS::S3::Bucket') return [Properties.BucketName, Properties.ObjectLockEnabled];
  return [Properties.KeySpec, Properties.MultiRegion];
}
