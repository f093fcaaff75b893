import { join } from 'node:path';
import { CodeBuildClient } from '@aws-sdk/client-codebuild';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EBSClient } from '@aws-sdk/client-ebs';
import { EC2Client } from '@aws-sdk/client-ec2';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { HeadObjectCommand, PutObjectCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SNSClient } from '@aws-sdk/client-sns';
import { SSMClient } from '@aws-sdk/client-ssm';
import { KilnError } from '../../model/error.ts';
import type { AdvisorySource } from '../../ports/advisory-source.ts';
import type { ArtifactStore } from '../../ports/artifact-store.ts';
import type { Catalog } from '../../ports/catalog.ts';
import { systemClock } from '../../ports/clock.ts';
import type { Executions } from '../../ports/executions.ts';
import type { Folders } from '../../ports/folders.ts';
import type { ImageRegistry } from '../../ports/image-registry.ts';
import type { Notice, Notifier } from '../../ports/notifier.ts';
import type { PackageSource } from '../../ports/package-source.ts';
import type { ParentBaker } from '../../ports/parent-baker.ts';
import type { SpecSource } from '../../ports/spec-source.ts';
import type { TestBed } from '../../ports/test-bed.ts';
import { aptPackageSource } from '../local/apt-package-source.ts';
import { cachedAdvisorySource } from '../local/cached-advisory-source.ts';
import { localFolders } from '../local/work-folders.ts';
import { errorName, withFaults } from './aws-fault.ts';
import { type CommandTester, TESTER_ROOTS } from './command-tester.ts';
import { dynamoCatalog } from './dynamo-catalog.ts';
import { ec2ImageRegistry } from './ec2-image-registry.ts';
import { ec2TestBed } from './ec2-test-bed.ts';
import { eventBridgeNotifier } from './event-bridge-notifier.ts';
import { imageBuilderBaker } from './image-builder-baker.ts';
import type { Place } from './image-places.ts';
import { kmsKeyGrants } from './launch-permissions.ts';
import { amiOfParent } from './parent-ami.ts';
import { withAptConfiguration } from './s3-apt-configuration.ts';
import { type StreamingStore, s3ArtifactStore } from './s3-artifact-store.ts';
import { s3ReleaseMemory } from './s3-release-memory.ts';
import { s3SpecSource } from './s3-spec-source.ts';
import { s3Universes } from './s3-universes.ts';
import { stepFunctionsExecutions } from './step-functions-executions.ts';

/**
 * Each port over AWS, set up from the environment that the stacks give a function (`KILN_TABLE`, `KILN_BUCKET`, …). One
 * function a port, so that a bundle holds the adapters that its step uses and no other.
 */
export const RETRIES = {
  maxAttempts: 8,
  // Without a listener for each call the SDK does not write down what was asked and answered, which of long lists takes as long as reading them.
  logger: { trace() {}, debug() {}, warn() {}, error() {} } as unknown as S3ClientConfig['logger'],
} as const;

/** Value of an environment variable. Throws CONFIG_INVALID. */
export function setting(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new KilnError('CONFIG_INVALID', `environment variable ${name} is not set`, { hint: 'deploy the stacks again' });
}

/** What a function may write to, and what a warm one finds again. */
export function awsFolders(): Folders {
  return localFolders(scratch());
}

function scratch(): { work: string; cache: string } {
  const base = process.env.KILN_SCRATCH ?? '/tmp/kiln';
  return { work: join(base, 'work'), cache: join(base, 'cache') };
}

const s3 = () => withFaults(new S3Client(RETRIES));

export function awsCatalog(): Catalog {
  return dynamoCatalog({ table: setting('KILN_TABLE'), client: withFaults(new DynamoDBClient(RETRIES)) });
}

export function awsStore(): StreamingStore {
  return s3ArtifactStore({
    bucket: setting('KILN_BUCKET'),
    client: s3(),
    cache: join(scratch().cache, 'artifacts'),
  });
}

export function awsSpecs(): SpecSource {
  return s3SpecSource({ bucket: setting('KILN_BUCKET'), client: s3(), folder: join(scratch().cache, 'settings') });
}

/** Puts the universes that this process made into the bucket. Set by `awsSource`. */
let keepMade: (() => Promise<void>) | undefined;
export const keepUniverses = async (): Promise<void> => keepMade?.();

export function awsSource(): PackageSource {
  const bucket = { bucket: setting('KILN_BUCKET'), client: s3() };
  const universes = s3Universes({ ...bucket, folder: join(scratch().cache, 'universes') });
  keepMade = universes.keep;
  const options = { cache: join(scratch().cache, 'packages'), clock: systemClock, isRead: universes.areAtHand };
  const place = { ...bucket, folder: join(scratch().cache, 'settings') };
  const memory = s3ReleaseMemory(bucket);
  const source = withAptConfiguration(place, (aptRoot) => aptPackageSource({ ...options, aptRoot, memory }));
  return { ...source, bringUniverse: universes.bring };
}

export function awsAdvisories(): AdvisorySource {
  return cachedAdvisorySource({ cache: scratch().cache });
}

export function awsRegistry(store: StreamingStore): ImageRegistry {
  const kmsKeyArn = process.env.KILN_IMAGE_KEY || undefined;
  return ec2ImageRegistry({
    ...placeIn(undefined, kmsKeyArn),
    ebs: withFaults(new EBSClient(RETRIES)),
    store,
    work: scratch().work,
    aliasPath: process.env.KILN_ALIAS_PATH,
    elsewhere: ({ region, key }) => placeElsewhere(region, key, kmsKeyArn !== undefined),
  });
}

/** A region's clients, and the key that encrypts images there. */
function placeIn(region: string | undefined, kmsKeyArn: string | undefined): Place {
  const where = { ...RETRIES, ...(region === undefined ? {} : { region }) };
  const place = { ec2: withFaults(new EC2Client(where)), ssm: withFaults(new SSMClient(where)) };
  if (!kmsKeyArn) return place;
  return { ...place, kmsKeyArn, keyGrants: kmsKeyGrants(withFaults(new KMSClient(where)), kmsKeyArn) };
}

/** Another region, under a key of somebody's own or that of the region's stack. One without such a stack can still be cleared. */
async function placeElsewhere(region: string, key: string | undefined, encrypted: boolean): Promise<Place> {
  if (key !== undefined || !encrypted) return placeIn(region, key);
  try {
    return placeIn(region, await regionalKey(region));
  } catch (error) {
    if (!(error instanceof KilnError) || error.code !== 'CONFIG_INVALID') throw error;
    return { ...placeIn(region, undefined), unusable: error.message };
  }
}

const regionalKeys = new Map<string, Promise<string>>();

/** ARN of the key that the region's stack has for images, by its alias. Throws CONFIG_INVALID. */
function regionalKey(region: string): Promise<string> {
  const known = regionalKeys.get(region) ?? describeKey(region, setting('KILN_IMAGE_KEY_ALIAS'));
  regionalKeys.set(region, known);
  return known;
}

async function describeKey(region: string, alias: string): Promise<string> {
  try {
    const client = withFaults(new KMSClient({ ...RETRIES, region }));
    return (await client.send(new DescribeKeyCommand({ KeyId: alias }))).KeyMetadata?.Arn as string;
  } catch (error) {
    regionalKeys.delete(region);
    if (errorName(error) !== 'NotFoundException') throw error;
    const hint = `add ${region} to copyRegions in kiln.config.yaml and deploy`;
    throw new KilnError('CONFIG_INVALID', `there is no key ${alias} in ${region} to encrypt a copy with`, { hint });
  }
}

/** EC2 Image Builder, where the stacks have an infrastructure configuration for it. */
export function awsParentBaker(store: ArtifactStore): ParentBaker {
  return imageBuilderBaker({
    client: withFaults(new ImagebuilderClient(RETRIES)),
    s3: s3(),
    bucket: setting('KILN_BUCKET'),
    store,
    work: scratch().work,
    prefix: setting('KILN_BUS'),
    infrastructureArn: setting('KILN_IMAGE_BUILDER'),
    distributionArn: process.env.KILN_IMAGE_BUILDER_DISTRIBUTION || undefined,
  });
}

/** `specs` tell which sources an image's testers are made of; `commandMs` how long the answer of a command is waited for in one call. */
export function awsTestBed(specs: SpecSource = awsSpecs(), commandMs?: number): TestBed {
  return ec2TestBed({
    ec2: withFaults(new EC2Client(RETRIES)),
    lambda: withFaults(new LambdaClient(RETRIES)),
    clock: systemClock,
    subnetId: setting('KILN_TEST_SUBNET'),
    securityGroupId: setting('KILN_TEST_SECURITY_GROUP'),
    instanceType: setting('KILN_TEST_INSTANCE_TYPE'),
    proberFunction: setting('KILN_PROBER'),
    commands: commandTester(commandMs),
    osOf: async (image) => (await specs.load(image)).spec.os,
  });
}

/** AMI that a spec's parent means now; undefined where there is none. */
export function awsAmiOf(parent: string): Promise<string | undefined> {
  const ssm = () => withFaults(new SSMClient(RETRIES));
  const builder = () => withFaults(new ImagebuilderClient(RETRIES));
  return amiOfParent({ ssm, builder }, parent);
}

function commandTester(waitMs?: number): CommandTester | undefined {
  const [makeProject, runProject] = [process.env.KILN_MAKE_TESTER, process.env.KILN_RUN_COMMAND];
  if (!makeProject || !runProject) return undefined;
  const codebuild = withFaults(new CodeBuildClient(RETRIES));
  return { codebuild, s3: s3(), bucket: setting('KILN_BUCKET'), makeProject, runProject, waitMs };
}

/** Roots of testers; what is not asked for again expires. */
export function awsTesterRoots(): ArtifactStore {
  const cache = join(scratch().cache, 'testers');
  return s3ArtifactStore({ bucket: setting('KILN_BUCKET'), client: s3(), cache, prefix: TESTER_ROOTS });
}

/** Leaves an answer at a key of the bucket. */
export async function leaveAnswer(key: string, answer: unknown): Promise<void> {
  await s3().send(new PutObjectCommand({ Bucket: setting('KILN_BUCKET'), Key: key, Body: JSON.stringify(answer) }));
}

/** Whether there is an object at a key of the bucket. */
export async function hasAnswer(key: string): Promise<boolean> {
  try {
    await s3().send(new HeadObjectCommand({ Bucket: setting('KILN_BUCKET'), Key: key }));
    return true;
  } catch (error) {
    if (errorName(error) !== 'NotFound') throw error;
    return false;
  }
}

export function awsExecutions(): Executions {
  return stepFunctionsExecutions({
    client: withFaults(new SFNClient(RETRIES)),
    machineArn: setting('KILN_MACHINE'),
    fleetArn: process.env.KILN_FLEET || undefined,
  });
}

/** `onLost` is told of a notice that reached nobody. */
export function awsNotifier(onLost: (notice: Notice, error: unknown) => void): Notifier {
  const [events, sns] = [withFaults(new EventBridgeClient(RETRIES)), withFaults(new SNSClient(RETRIES))];
  return eventBridgeNotifier({ events, sns, bus: setting('KILN_BUS'), topicArn: process.env.KILN_TOPIC, onLost });
}
