import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { deploymentParameter } from '../../src/model/deployment.ts';
import type { Configuration } from '../configuration.ts';
import { BakerProject } from '../constructs/baker-project.ts';
import { CommandProject } from '../constructs/command-project.ts';
import { ImageBuilder } from '../constructs/image-builder.ts';
import { imageKeyAlias } from '../constructs/image-key.ts';
import * as rights from '../constructs/rights.ts';
import { machineArn, Pipeline } from '../constructs/state-machine.ts';
import { StepFunction, type StepFunctionProps } from '../constructs/step-function.ts';
import { TestNetwork } from '../constructs/test-network.ts';
import type { DistributionStack } from './distribution-stack.ts';
import type { StorageStack } from './storage-stack.ts';

export interface BuildProps extends StackProps {
  readonly configuration: Configuration;
  readonly storage: StorageStack;
  readonly distribution: DistributionStack;
}

type Step = Omit<StepFunctionProps, 'prefix' | 'key' | 'environment'> & {
  readonly environment?: Readonly<Record<string, string>>;
};

/** Where test instances run, and who asks them. */
export interface TestBedResources {
  readonly prober: StepFunction;
  readonly place: { readonly subnet: string; readonly group: string };
  readonly network: TestNetwork;
  /** Names of the projects that make testers and run commands in them. */
  readonly projects: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** The pipeline: the state machine, a function a step, the project that bakes, the network in which images are tested. */
export class BuildStack extends Stack {
  readonly machine: StateMachine;
  /** Builds many images, each by an execution of the other machine. */
  readonly fleet: StateMachine;
  /** What a function needs to find the rest, by environment variable. */
  readonly variables: Readonly<Record<string, string>>;
  readonly testBed: TestBedResources;

  private readonly testVariables: Record<string, string> = {};

  constructor(scope: Construct, id: string, props: BuildProps) {
    super(scope, id, props);
    this.variables = environmentOf(this, props);
    this.testBed = this.testNetwork(props);
    const functions = this.steps(props);
    const baker = this.baker(props);
    this.commandProject(props, baker);
    const { name } = props.configuration;
    const pipeline = new Pipeline(this, 'BuildImage', {
      definition: 'build-image',
      machineName: `${name}-build-image`,
      functions: Object.fromEntries(Object.entries(functions).map(([key, it]) => [key, it.function])),
      projects: { BakeImageProject: baker },
      key: props.storage.key,
    });
    this.machine = pipeline.machine;
    this.fleet = this.fleetMachine(props);
    new CfnOutput(this, 'BuildImageMachineArn', { value: this.machine.stateMachineArn });
    new StringParameter(this, 'Deployment', {
      parameterName: deploymentParameter(name),
      description: 'where everything is, for kiln remote',
      stringValue: this.toJsonString({ ...this.variables, ...this.testVariables }),
    });
  }

  private fleetMachine(props: BuildProps): StateMachine {
    const { storage, configuration } = props;
    const list = this.step(props, { verb: 'list-fleet' });
    rights.keepFleets(storage, list.function);
    const machineName = `${configuration.name}-build-fleet`;
    const fleet = new Pipeline(this, 'BuildFleet', {
      definition: 'build-fleet',
      machineName,
      functions: { ListFleetFunction: list.function },
      machines: { BuildImageMachine: this.machine },
      key: storage.key,
    });
    fleet.allowDistribution(storage.bucket, storage.key, 'fleet', machineName);
    return fleet.machine;
  }

  private steps(props: BuildProps): Record<string, StepFunction> {
    const { storage, distribution } = props;
    const arn = this.variables.KILN_MACHINE as string;
    const approvals = this.toJsonString(props.configuration.approvals);
    const plan = this.step(props, { verb: 'plan-build', environment: { KILN_APPROVALS: approvals } });
    const ask = this.step(props, { verb: 'ask-approval' });
    rights.tell(distribution, ask.function);
    rights.describeExecutions(plan.function, arn);
    const heavy = { memoryMiB: 1769, scratchMiB: 2048, timeout: Duration.minutes(15) };
    const resolve = this.step(props, { verb: 'resolve-image', ...heavy });
    const validate = this.step(props, { verb: 'validate-image', ...heavy, scratchMiB: 4096 });
    // The disk goes through it, from the bucket to the snapshot, and is nowhere written down.
    const register = this.step(props, { verb: 'register-image', memoryMiB: 1769, timeout: Duration.minutes(15) });
    const test = this.testStep(props, this.testBed);
    const judge = this.step(props, { verb: 'judge-image', memoryMiB: 1024, timeout: Duration.minutes(5) });
    const share = this.step(props, { verb: 'share-image', timeout: Duration.minutes(5) });
    const publish = this.step(props, { verb: 'publish-image', timeout: Duration.minutes(5) });
    const end = this.step(props, { verb: 'end-build', environment: this.testBed.environment });
    rights.endTestInstances(end.function);
    const parent = this.parentStep(props);
    for (const it of [resolve, validate, register, test, judge, share]) rights.readAndWriteBucket(storage, it.function);
    rights.writeSnapshots(register.function);
    const regions = props.configuration.copyRegions;
    for (const it of [register, share, publish, end]) rights.handleImages(it.function, regions);
    rights.adoptImages(register.function);
    for (const it of [share, publish, end]) rights.handleCopies(it.function, props.configuration);
    for (const it of [register, share, end]) rights.useImageKey(distribution, it.function);
    rights.setAliases(distribution, publish.function, regions);
    for (const it of [publish, end]) rights.tell(distribution, it.function);
    return {
      BakeFromParentFunction: parent,
      PlanBuildFunction: plan,
      AskApprovalFunction: ask,
      ResolveImageFunction: resolve,
      ValidateImageFunction: validate,
      RegisterImageFunction: register,
      TestImageFunction: test,
      JudgeImageFunction: judge,
      ShareImageFunction: share,
      PublishImageFunction: publish,
      EndBuildFunction: end,
    };
  }

  /** Begins what Image Builder bakes on a parent, and looks how far it is; the tree that comes out may be a vendor's whole system. */
  private parentStep(props: BuildProps): StepFunction {
    const { storage, distribution, configuration } = props;
    const { name, imageBuilder } = configuration;
    const { bucket, key } = storage;
    const { imageKey } = distribution;
    const builder = new ImageBuilder(this, 'ImageBuilder', { ...imageBuilder, name, bucket, key, imageKey });
    const parent = this.step(props, {
      verb: 'bake-from-parent',
      memoryMiB: 1769,
      scratchMiB: 10_240,
      timeout: Duration.minutes(15),
      environment: {
        KILN_IMAGE_BUILDER: builder.infrastructureArn,
        KILN_IMAGE_BUILDER_DISTRIBUTION: builder.distributionArn,
      },
    });
    rights.readAndWriteBucket(storage, parent.function);
    rights.useImageBuilder(storage, parent.function, name);
    rights.useImageKey(distribution, parent.function);
    return parent;
  }

  /** The network of test instances, and the prober, which alone is in it with them. */
  private testNetwork(props: BuildProps): TestBedResources {
    const network = new TestNetwork(this, 'TestNetwork', { key: props.storage.key });
    const prober = new StepFunction(this, 'ProbeInstance', {
      verb: 'probe-instance',
      prefix: props.configuration.name,
      key: props.storage.key,
      timeout: Duration.seconds(15),
      network: { vpc: network.vpc, securityGroup: network.prober },
    });
    const subnet = network.vpc.isolatedSubnets[0];
    if (!subnet) throw new Error('internal: the test network has no subnet');
    const place = { subnet: subnet.subnetId, group: network.instances.securityGroupId };
    const environment = {
      KILN_TEST_SUBNET: place.subnet,
      KILN_TEST_SECURITY_GROUP: place.group,
      KILN_TEST_INSTANCE_TYPE: props.configuration.testInstanceType,
      KILN_PROBER: prober.function.functionName,
      KILN_MAKE_TESTER: `${props.configuration.name}-bake-image`,
      KILN_RUN_COMMAND: `${props.configuration.name}-run-command`,
    };
    Object.assign(this.testVariables, environment);
    const projects = [environment.KILN_MAKE_TESTER, environment.KILN_RUN_COMMAND];
    return { prober, place, network, projects, environment };
  }

  /** Runs the commands of tests in the network of test instances. */
  private commandProject({ storage }: BuildProps, { bundle }: BakerProject): void {
    const { network, environment } = this.testBed;
    const { key, bucket } = storage;
    const name = environment.KILN_RUN_COMMAND as string;
    new CommandProject(this, 'RunCommand', { name, network, bucket, key, bundle });
  }

  /** Launches instances and has the prober ask them. */
  private testStep(props: BuildProps, { prober, place, environment }: TestBedResources): StepFunction {
    const test = this.step(props, { verb: 'test-image', timeout: Duration.minutes(15), environment });
    rights.invoke(test.function, prober.function);
    rights.runTestInstances(test.function, place);
    rights.runCommands(props.storage, test.function, this.testBed.projects);
    rights.useImageKey(props.distribution, test.function);
    return test;
  }

  private step(props: BuildProps, step: Step): StepFunction {
    const { storage, configuration } = props;
    const environment = { ...this.variables, ...step.environment };
    const id = step.verb.replace(/(^|-)(.)/g, (_, _dash, letter: string) => letter.toUpperCase());
    const made = new StepFunction(this, id, { ...step, prefix: configuration.name, key: storage.key, environment });
    this.reachCatalog(props, made.function);
    return made;
  }

  private baker(props: BuildProps): BakerProject {
    const { storage, configuration } = props;
    const baker = new BakerProject(this, 'BakeImage', {
      name: `${configuration.name}-bake-image`,
      environment: this.variables,
      key: storage.key,
      size: configuration.bakerSize,
      image: configuration.bakerImage,
    });
    this.reachCatalog(props, baker.project);
    rights.readAndWriteBucket(storage, baker.project);
    rights.keepTesters(storage, baker.project);
    return baker;
  }

  private reachCatalog({ storage }: BuildProps, who: IGrantable): void {
    rights.readAndWriteCatalog(storage, who);
  }
}

function environmentOf(stack: Stack, { storage, distribution, configuration }: BuildProps): Record<string, string> {
  return {
    KILN_TABLE: storage.table.tableName,
    KILN_BUCKET: storage.bucket.bucketName,
    KILN_BUS: configuration.name,
    KILN_TOPIC: distribution.notices.topicArn,
    KILN_ALIAS_PATH: distribution.aliasPath,
    KILN_MACHINE: machineArn(stack, `${configuration.name}-build-image`),
    KILN_FLEET: machineArn(stack, `${configuration.name}-build-fleet`),
    ...(distribution.imageKey
      ? { KILN_IMAGE_KEY: distribution.imageKey.keyArn, KILN_IMAGE_KEY_ALIAS: imageKeyAlias(configuration.name) }
      : {}),
  };
}
