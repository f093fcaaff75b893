/** A finding of cdk-nag that is as it should be, where, and why. */
export interface Waiver {
  /** Matches `RULE[FINDING]`, or `RULE` where a rule has one answer only. */
  readonly finding: RegExp;
  /** Matches the construct's path. */
  readonly at: RegExp;
  readonly reason: string;
}

/** Each is for a wildcard in a role; `test/stacks` lists the only actions that may meet `Resource: *`. */
export const waivers: readonly Waiver[] = [
  {
    finding: /^IAM5\[Resource::.*\/(artifacts|settings|suites|universes|testers|fleet)\/\*\]$/,
    at: /\/Role\/DefaultPolicy\//,
    reason: 'objects of the one bucket, below the prefixes that a step works with; their keys are digests',
  },
  {
    finding: /^IAM5\[Resource::arn:<AWS::Partition>:ec2:<AWS::Region>::(image|snapshot)\/\*\]$/,
    at: /\/(RegisterImage|ShareImage|PublishImage|EndBuild|TestImage|WatchChanges)\/Role\//,
    reason: 'images and snapshots have no identifier before they are made; changing one asks for the tag kiln:key',
  },
  {
    finding:
      /^IAM5\[Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:(instance|volume|network-interface)\/\*\]$/,
    at: /\/(TestImage|EndBuild|WatchChanges)\/Role\//,
    reason: 'RunInstances makes them; it is limited to one subnet, one security group and images tagged kiln:key',
  },
  {
    finding: /^IAM5\[Resource::\*\]$/,
    at: /\/(RegisterImage|ShareImage|PublishImage|EndBuild|TestImage|ProbeInstance)\/Role\//,
    reason: 'ec2:Describe* and the network interface actions that Lambda needs know no resources',
  },
  {
    finding: /^IAM5\[Resource::\*\]$/,
    at: /\/(Role\/DefaultPolicy|Machine\/Role\/DefaultPolicy)\//,
    reason:
      'X-Ray’s PutTraceSegments and PutTelemetryRecords, and the delivery of a state machine’s log, know no resources',
  },
  {
    finding: /^IAM5\[Resource::.*:parameter\/[a-z0-9-]+\/images\/\*\]$/,
    at: /\/PublishImage\/Role\//,
    reason: 'one parameter an image, below one path',
  },
  {
    finding: /^IAM5\[Resource::.*:execution:([a-z0-9-]+-build-(image:|fleet[:/])|<[A-Za-z0-9.]+>:)\*\]$/,
    at: /\/(PlanBuild|WatchChanges|BuildFleet\/Machine)\/Role\//,
    reason: 'executions of the one state machine, named when they start',
  },
  {
    finding: /^IAM5\[Resource::.*:log-group:\/aws\/codebuild\/.*:\*\]$/,
    at: /\/(BakeImage|RunCommand)\/Role\//,
    reason: 'streams of the project’s own log group, named by CodeBuild',
  },
  {
    finding: /^IAM5\[Action::kms:(GenerateDataKey|ReEncrypt)\*\]$/,
    at: /\/(BakeImage|RunCommand)\/Role\//,
    reason: 'the variants of two actions on the one key, as CDK grants them to a project that has a key',
  },
  {
    finding: /^IAM5\[Resource::(\*|arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:network-interface\/\*)\]$/,
    at: /\/RunCommand\/(Role|Project)\//,
    reason:
      'the network interface of a build, as CDK lets a project have one in a network: it has no name before it is made',
  },
  {
    finding: /^IAM5\[Resource::arn:<AWS::Partition>:ssm:<AWS::Region>::parameter\/aws\/service\/\*\]$/,
    at: /\/StartBuild\/Role\//,
    reason: 'public parameters, which vendors name as they like below one path',
  },
  {
    finding: /^IAM5\[Resource::arn:<AWS::Partition>:imagebuilder:<AWS::Region>:\*:image\/\*\]$/,
    at: /\/StartBuild\/Role\//,
    reason: 'images of EC2 Image Builder that vendors and others own, which a spec may name as its parent',
  },
  {
    finding: /^CB5$/,
    at: /\/BakeImage\/Project\//,
    reason: 'the baker runs in a Debian of its own, pinned by digest: what it bakes must not depend on a managed image',
  },
  {
    finding: /^IAM5\[Resource::\*\]$/,
    at: /\/ImageBuilder\/InstanceRole\//,
    reason: 'the actions by which Systems Manager reaches an instance know no resources',
  },
  {
    finding: /^IAM5\[Resource::.*:imagebuilder:.*:(component|image-recipe|image)\/[a-z0-9-]+-\*\]$/,
    at: /\/(ImageBuilder\/InstanceRole|BakeFromParent\/Role)\//,
    reason: 'components, recipes and images are named after their content, below the deployment’s name',
  },
  {
    finding: /^IAM5\[Resource::.*\/image-builder\/(packages\/|overlays\/|documents\/|trees\/)?\*\]$/,
    at: /\/(ImageBuilder\/InstanceRole|BakeFromParent\/Role)\//,
    reason: 'objects of the one bucket, below the prefix that Image Builder works with; their keys are digests',
  },
  {
    finding: /^IAM5\[Resource::arn:<AWS::Partition>:ec2:[a-z0-9-]+::(image|snapshot)\/\*\]$/,
    at: /\/(RegisterImage|ShareImage|PublishImage|EndBuild|WatchChanges)\/Role\//,
    reason:
      'as in the own region: copies have no identifier before they are made; changing one asks for the tag kiln:key',
  },
  {
    finding: /^IAM5\[Resource::arn:<AWS::Partition>:kms:[a-z0-9-]+:<AWS::AccountId>:key\/\*\]$/,
    at: /\/(ShareImage|PublishImage|EndBuild|WatchChanges)\/Role\//,
    reason: 'keys of other regions’ stacks are known by their alias, which the condition names',
  },
  {
    finding: /^IAM5\[Resource::.*(:parameter\/[a-z0-9-]+\/images\/\*|:launch-template\/\*|:autoScalingGroup:\*:.*)\]$/,
    at: /\/Templates\/FollowImage\//,
    reason: 'one parameter an image; templates are limited by the tag kiln:follows; a group’s ARN holds a random part',
  },
];
