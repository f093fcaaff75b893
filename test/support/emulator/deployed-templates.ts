import {
  CloudFormationClient,
  DescribeStackResourcesCommand,
  GetTemplateCommand,
  ListStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { parse } from 'yaml';

export interface DeployedResource {
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly physicalId: string;
  /** Physical identifiers of its stack's resources by logical one. */
  readonly siblings: ReadonlyMap<string, string>;
  /** Types of its stack's resources by logical identifier. */
  readonly types: ReadonlyMap<string, string>;
}

interface Template {
  readonly Resources?: Readonly<
    Record<string, { readonly Type: string; readonly Properties?: Record<string, unknown> }>
  >;
}

/** Resources of a type as the deployed templates state them, also what the emulator made of them something less. */
export async function deployedResources(type: string): Promise<DeployedResource[]> {
  const client = new CloudFormationClient({});
  const found: DeployedResource[] = [];
  const { StackSummaries } = await client.send(new ListStacksCommand({}));
  for (const { StackName } of StackSummaries ?? []) {
    const { TemplateBody = '{}' } = await client.send(new GetTemplateCommand({ StackName }));
    const resources = Object.entries((parse(TemplateBody) as Template).Resources ?? {});
    const types = new Map(resources.map(([id, it]) => [id, it.Type]));
    const wanted = resources.filter(([, it]) => it.Type === type);
    if (wanted.length === 0) continue;
    const { StackResources } = await client.send(new DescribeStackResourcesCommand({ StackName }));
    const siblings = new Map(StackResources?.map((it) => [it.LogicalResourceId ?? '', it.PhysicalResourceId ?? '']));
    for (const [id, { Properties = {} }] of wanted) {
      found.push({ type, properties: Properties, physicalId: siblings.get(id) ?? '', siblings, types });
    }
  }
  return found;
}
