import { join } from 'node:path';
import { Duration, RemovalPolicy, Size } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, Code, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { bundledBy, copyBundle } from './bundling.ts';
import { repositoryPath } from './repository.ts';

export interface StepFunctionProps {
  /** Folder under `lambdas/`, which is also the last part of the function's name. */
  readonly verb: string;
  /** First part of the function's name. */
  readonly prefix: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Encrypts the log. */
  readonly key: IKey;
  /** @default 512 */
  readonly memoryMiB?: number;
  /** @default 1 minute */
  readonly timeout?: Duration;
  /** Scratch space below `/tmp`. @default 512 */
  readonly scratchMiB?: number;
  /** Runs it in isolated subnets of this network. @default outside any network */
  readonly network?: { readonly vpc: IVpc; readonly securityGroup: ISecurityGroup };
}

/** One step of the pipeline as a function: one ESM bundle, a role of its own, a log that ends, traces. */
export class StepFunction extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: StepFunctionProps) {
    super(scope, id);
    const functionName = `${props.prefix}-${props.verb}`;
    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: RetentionDays.THREE_MONTHS,
      encryptionKey: props.key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    if (props.network) role.addToPolicy(networkInterfaces());
    this.function = new LambdaFunction(this, 'Function', {
      functionName,
      code: code(props.verb),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.X86_64,
      memorySize: props.memoryMiB ?? 512,
      timeout: props.timeout ?? Duration.minutes(1),
      ephemeralStorageSize: Size.mebibytes(props.scratchMiB ?? 512),
      tracing: Tracing.ACTIVE,
      role,
      logGroup,
      environment: {
        ...props.environment,
        POWERTOOLS_SERVICE_NAME: props.prefix,
        NODE_OPTIONS: '--enable-source-maps',
      },
      ...(props.network
        ? {
            vpc: props.network.vpc,
            vpcSubnets: { subnets: props.network.vpc.isolatedSubnets },
            securityGroups: [props.network.securityGroup],
          }
        : {}),
    });
  }
}

/** The one module that a folder under `lambdas/` is bundled into. */
function code(verb: string): Code {
  const options = bundledBy((outputFolder) => copyBundle(verb, join(outputFolder, 'index.mjs')));
  return Code.fromAsset(repositoryPath('lambdas', verb), options);
}

/** What a function in a network needs to have its interface there; these actions know no resources (EC2 service authorization). */
function networkInterfaces(): PolicyStatement {
  return new PolicyStatement({
    actions: [
      'ec2:CreateNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:DeleteNetworkInterface',
    ],
    resources: ['*'],
  });
}
