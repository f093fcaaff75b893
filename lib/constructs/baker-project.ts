import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BuildSpec, ComputeType, type IBuildImage, LinuxBuildImage, Project } from 'aws-cdk-lib/aws-codebuild';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { bakerBundle } from './baker-bundle.ts';

export interface BakerProjectProps {
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly key: IKey;
  readonly size: 'small' | 'medium' | 'large';
  /** Container image pinned by digest. @default the managed standard image */
  readonly image?: string;
}

const SIZES = { small: ComputeType.SMALL, medium: ComputeType.MEDIUM, large: ComputeType.LARGE } as const;

/** The baker of one machine, run by CodeBuild: privileged, since it makes an isolated root of its own. */
export class BakerProject extends Construct {
  readonly project: Project;
  /** As it is deployed; by name, so that what refers to it does not wait for it. */
  readonly name: string;
  readonly arn: string;

  constructor(scope: Construct, id: string, props: BakerProjectProps) {
    super(scope, id);
    this.name = props.name;
    this.arn = Stack.of(this).formatArn({ service: 'codebuild', resource: 'project', resourceName: props.name });
    const bundle = new Asset(this, 'Bundle', bakerBundle());
    const log = new LogGroup(this, 'Log', {
      logGroupName: `/aws/codebuild/${props.name}`,
      retention: RetentionDays.THREE_MONTHS,
      encryptionKey: props.key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('codebuild.amazonaws.com') });
    role.addToPolicy(
      new PolicyStatement({ actions: ['s3:GetObject'], resources: [bundle.bucket.arnForObjects(bundle.s3ObjectKey)] }),
    );
    this.project = new Project(this, 'Project', {
      projectName: props.name,
      description: 'bakes the locked packages of one image into a disk',
      role,
      environment: { buildImage: buildImage(props.image), computeType: SIZES[props.size], privileged: true },
      environmentVariables: variables({ ...props.environment, KILN_BUNDLE: bundle.s3ObjectUrl }),
      buildSpec: BuildSpec.fromObject(BAKE),
      encryptionKey: props.key,
      timeout: Duration.hours(1),
      queuedTimeout: Duration.hours(2),
      logging: { cloudWatch: { logGroup: log } },
      grantReportGroupPermissions: false,
    });
  }
}

/** The bundle brings the Node that Kiln is tested on, so that the container needs but a shell, unzip and perl. */
const BAKE = {
  version: '0.2',
  phases: {
    install: {
      commands: ['aws s3 cp "$KILN_BUNDLE" /tmp/kiln.zip', 'mkdir -p /opt/kiln', 'unzip -q /tmp/kiln.zip -d /opt/kiln'],
    },
    build: { commands: ['chmod 0755 /opt/kiln/node', '/opt/kiln/node /opt/kiln/bake.mjs'] },
  },
};

function buildImage(image: string | undefined): IBuildImage {
  return image === undefined ? LinuxBuildImage.STANDARD_7_0 : LinuxBuildImage.fromDockerRegistry(image);
}

const variables = (values: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));

/** ARN of the EventBridge rule by which Step Functions follows a build to its end. */
export function codeBuildEventRule(scope: Construct): string {
  return Stack.of(scope).formatArn({
    service: 'events',
    resource: 'rule',
    resourceName: 'StepFunctionsGetEventForCodeBuildStartBuildRule',
  });
}
