import { Duration } from 'aws-cdk-lib';
import { BuildSpec, type CfnProject, ComputeType, LinuxBuildImage, Project } from 'aws-cdk-lib/aws-codebuild';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { readSource } from './baker-project.ts';
import * as rights from './rights.ts';
import type { TestNetwork } from './test-network.ts';

export interface CommandProjectProps {
  readonly name: string;
  readonly network: TestNetwork;
  readonly bucket: IBucket;
  /** Encrypts the bucket. */
  readonly key: IKey;
  /** The archive that CodeBuild runs. */
  readonly bundle: Asset;
}

/**
 * Runs commands of tests in the network of test instances, for the seconds that they take. It reaches the instances and, by the network's
 * gateway, a few prefixes of S3: so its image is one that CodeBuild has at hand, and its log goes to the bucket.
 */
export class CommandProject extends Construct {
  constructor(scope: Construct, id: string, props: CommandProjectProps) {
    super(scope, id);
    const { name, network, bucket, key, bundle } = props;
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('codebuild.amazonaws.com') });
    const project = new Project(this, 'Project', {
      projectName: name,
      description: 'runs the commands of tests beside test instances',
      role,
      vpc: network.vpc,
      subnetSelection: { subnets: network.vpc.isolatedSubnets },
      securityGroups: [network.commands],
      // Privileged, since a command runs in a root of its own.
      environment: { buildImage: LinuxBuildImage.STANDARD_7_0, computeType: ComputeType.SMALL, privileged: true },
      environmentVariables: { KILN_BUCKET: { value: bucket.bucketName } },
      buildSpec: BuildSpec.fromObject(RUN),
      encryptionKey: key,
      timeout: Duration.hours(1),
      queuedTimeout: Duration.hours(1),
      grantReportGroupPermissions: false,
      logging: { cloudWatch: { enabled: false } },
    });
    readSource(role, bundle);
    rights.keepTesters({ bucket, key }, project);
    const own = project.node.defaultChild as CfnProject;
    const buildSpec = JSON.stringify(RUN);
    own.source = { type: 'S3', location: `${bundle.s3BucketName}/${bundle.s3ObjectKey}`, buildSpec };
    own.logsConfig = {
      cloudWatchLogs: { status: 'DISABLED' },
      s3Logs: { status: 'ENABLED', location: `${bucket.bucketName}/testers/logs` },
    };
    network.letThrough(
      ['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload'],
      [bucket.arnForObjects('testers/*')],
    );
    network.letThrough(['s3:GetObject', 's3:GetObjectVersion'], [bundle.bucket.arnForObjects(bundle.s3ObjectKey)]);
    network.letThrough(['s3:GetBucketAcl', 's3:GetBucketLocation'], [bundle.bucket.bucketArn]);
  }
}

const RUN = {
  version: '0.2',
  phases: { build: { commands: ['chmod 0755 ./node', './node ./run-command.mjs'] } },
};
