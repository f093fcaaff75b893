import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  BuildSpec,
  Cache,
  type CfnProject,
  ComputeType,
  LinuxBuildImage,
  LocalCacheMode,
  Project,
} from 'aws-cdk-lib/aws-codebuild';
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
  /** Container image pinned by digest. */
  readonly image: string;
}

const SIZES = { small: ComputeType.SMALL, medium: ComputeType.MEDIUM, large: ComputeType.LARGE } as const;

/** The baker of one machine, run by CodeBuild: privileged, since it makes an isolated root of its own. */
export class BakerProject extends Construct {
  readonly project: Project;
  /** As it is deployed; by name, so that what refers to it does not wait for it. */
  readonly name: string;
  readonly arn: string;
  /** The archive that it runs. */
  readonly bundle: Asset;

  constructor(scope: Construct, id: string, props: BakerProjectProps) {
    super(scope, id);
    this.name = props.name;
    this.arn = Stack.of(this).formatArn({ service: 'codebuild', resource: 'project', resourceName: props.name });
    this.bundle = new Asset(this, 'Bundle', bakerBundle());
    const { bundle } = this;
    const log = new LogGroup(this, 'Log', {
      logGroupName: `/aws/codebuild/${props.name}`,
      retention: RetentionDays.THREE_MONTHS,
      encryptionKey: props.key,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('codebuild.amazonaws.com') });
    this.project = new Project(this, 'Project', {
      projectName: props.name,
      description: 'bakes the locked packages of one image into a disk',
      role,
      environment: {
        buildImage: LinuxBuildImage.fromDockerRegistry(props.image),
        computeType: SIZES[props.size],
        privileged: true,
      },
      environmentVariables: variables(props.environment),
      buildSpec: BuildSpec.fromObject(BAKE),
      cache: Cache.local(LocalCacheMode.CUSTOM),
      encryptionKey: props.key,
      timeout: Duration.hours(1),
      queuedTimeout: Duration.hours(2),
      logging: { cloudWatch: { logGroup: log } },
      grantReportGroupPermissions: false,
    });
    readSource(role, bundle);
    // The property itself: the construct's own way lets the project read all of the assets' bucket.
    (this.project.node.defaultChild as CfnProject).source = {
      type: 'S3',
      location: `${bundle.s3BucketName}/${bundle.s3ObjectKey}`,
      buildSpec: JSON.stringify(BAKE),
    };
  }
}

/** What CodeBuild asks of a project whose source is one object. */
export function readSource(role: Role, { bucket, s3ObjectKey }: Asset): void {
  const allow = (actions: string[], resource: string) =>
    role.addToPolicy(new PolicyStatement({ actions, resources: [resource] }));
  allow(['s3:GetObject', 's3:GetObjectVersion'], bucket.arnForObjects(s3ObjectKey));
  allow(['s3:GetBucketAcl', 's3:GetBucketLocation'], bucket.bucketArn);
}

/**
 * The source is the baker's bundle, which brings the Node that Kiln is tested on: the container needs a shell, util-linux and
 * perl-base, which are in every Debian. What a build host still has of packages and bases is not fetched and made again.
 */
const BAKE = {
  version: '0.2',
  phases: { build: { commands: ['chmod 0755 ./node', './node ./bake.mjs'] } },
  cache: { paths: ['packages', 'bases', 'tool-roots'].map((it) => `/tmp/kiln/cache/${it}/**/*`) },
};

const variables = (values: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));

/** ARN of an EventBridge rule by which Step Functions follows others' work to its end. */
export function eventRule(scope: Construct, name: string): string {
  return Stack.of(scope).formatArn({
    service: 'events',
    resource: 'rule',
    resourceName: name,
  });
}
