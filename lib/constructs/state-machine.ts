import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { definitionText, substitutionNames } from '../../src/workflow/definition.ts';
import { type BakerProject, eventRule } from './baker-project.ts';
import { invoke } from './rights.ts';

export interface PipelineProps {
  /** Name of the definition under `src/workflow`. */
  readonly definition: string;
  readonly machineName: string;
  /** Functions by the name that the definition has for them: `PlanBuildFunction`. */
  readonly functions: Readonly<Record<string, IFunction>>;
  /** Projects by the name that the definition has for them: `BakeImageProject`. */
  readonly projects?: Readonly<Record<string, BakerProject>>;
  /** Machines that it starts and waits for, by the name that the definition has for them: `BuildImageMachine`. */
  readonly machines?: Readonly<Record<string, StateMachine>>;
  readonly key: IKey;
}

/** A state machine from its definition's file, allowed to do what its states name and nothing else. */
export class Pipeline extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, props: PipelineProps) {
    super(scope, id);
    const text = definitionText(props.definition);
    const logs = new LogGroup(this, 'Log', {
      logGroupName: `/aws/vendedlogs/states/${props.machineName}`,
      retention: RetentionDays.THREE_MONTHS,
      encryptionKey: props.key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.machine = new StateMachine(this, 'Machine', {
      stateMachineName: props.machineName,
      definitionBody: DefinitionBody.fromString(text),
      definitionSubstitutions: substitutions(text, props),
      tracingEnabled: true,
      logs: { destination: logs, level: LogLevel.ALL, includeExecutionData: true },
    });
    invoke(this.machine, ...Object.values(props.functions));
    for (const it of Object.values(props.projects ?? {})) this.allowBuilds(it);
    for (const it of Object.values(props.machines ?? {})) this.allowExecutions(it);
  }

  /** `startBuild.sync`: starts a build, is told of its end by an event, stops it when the execution is stopped. */
  private allowBuilds(project: BakerProject): void {
    this.machine.addToRolePolicy(
      new PolicyStatement({
        actions: ['codebuild:StartBuild', 'codebuild:StopBuild', 'codebuild:BatchGetBuilds'],
        resources: [project.arn],
      }),
    );
    this.machine.addToRolePolicy(
      new PolicyStatement({
        actions: ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'],
        resources: [eventRule(this, 'StepFunctionsGetEventForCodeBuildStartBuildRule')],
      }),
    );
  }

  /** `startExecution.sync:2`: starts an execution, is told of its end by an event, stops it when its own is stopped. */
  private allowExecutions(machine: StateMachine): void {
    machine.grantStartExecution(this.machine);
    const executions = executionsOf(this, machine);
    this.machine.addToRolePolicy(
      new PolicyStatement({ actions: ['states:DescribeExecution', 'states:StopExecution'], resources: [executions] }),
    );
    const rule = eventRule(this, 'StepFunctionsGetEventsForStepFunctionsExecutionRule');
    this.machine.addToRolePolicy(
      new PolicyStatement({
        actions: ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'],
        resources: [rule],
      }),
    );
  }

  /** Distributed Map: its parts are executions of the machine itself; the list and the results are objects below a prefix. */
  allowDistribution(bucket: IBucket, key: IKey, prefix: string, name: string): void {
    const allow = (actions: string[], resources: string[]) =>
      this.machine.addToRolePolicy(new PolicyStatement({ actions, resources }));
    const arn = (resource: string, resourceName: string) =>
      Stack.of(this).formatArn({ service: 'states', resource, resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME });
    allow(['states:StartExecution'], [arn('stateMachine', name)]);
    allow(
      ['states:DescribeExecution', 'states:StopExecution', 'states:RedriveExecution'],
      [arn('execution', `${name}:*`), arn('execution', `${name}/*`)],
    );
    allow(['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload'], [bucket.arnForObjects(`${prefix}/*`)]);
    allow(['kms:Decrypt', 'kms:GenerateDataKey'], [key.keyArn]);
  }
}

function executionsOf(scope: Construct, machine: StateMachine): string {
  const resourceName = `${machine.stateMachineName}:*`;
  const arnFormat = ArnFormat.COLON_RESOURCE_NAME;
  return Stack.of(scope).formatArn({ service: 'states', resource: 'execution', resourceName, arnFormat });
}

function substitutions(
  text: string,
  { functions, projects = {}, machines = {} }: PipelineProps,
): Record<string, string> {
  const values = new Map([
    ...Object.entries(functions).map(([name, it]) => [name, it.functionArn] as const),
    ...Object.entries(projects).map(([name, it]) => [name, it.name] as const),
    ...Object.entries(machines).map(([name, it]) => [name, it.stateMachineArn] as const),
  ]);
  return Object.fromEntries(
    substitutionNames(text).map((name) => {
      const value = values.get(name);
      if (value === undefined)
        throw new Error(`internal: the definition names ${name}, and nothing is deployed for it`);
      return [name, value];
    }),
  );
}

/** ARN of a machine by its name, for what must know it before it is there. */
export function machineArn(scope: Construct, name: string): string {
  return Stack.of(scope).formatArn({
    service: 'states',
    resource: 'stateMachine',
    resourceName: name,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}
