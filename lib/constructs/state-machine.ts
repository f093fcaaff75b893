import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { definitionText, substitutionNames } from '../../src/workflow/definition.ts';
import { type BakerProject, codeBuildEventRule } from './baker-project.ts';
import { invoke } from './rights.ts';

export interface PipelineProps {
  /** Name of the definition under `src/workflow`. */
  readonly definition: string;
  readonly machineName: string;
  /** Functions by the name that the definition has for them: `PlanBuildFunction`. */
  readonly functions: Readonly<Record<string, IFunction>>;
  /** Projects by the name that the definition has for them: `BakeImageProject`. */
  readonly projects: Readonly<Record<string, BakerProject>>;
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
    for (const it of Object.values(props.projects)) this.allowBuilds(it);
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
        resources: [codeBuildEventRule(this)],
      }),
    );
  }
}

function substitutions(text: string, { functions, projects }: PipelineProps): Record<string, string> {
  const values = new Map([
    ...Object.entries(functions).map(([name, it]) => [name, it.functionArn] as const),
    ...Object.entries(projects).map(([name, it]) => [name, it.name] as const),
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
