import { CloudFormationClient, ListExportsCommand } from '@aws-sdk/client-cloudformation';
import { OWNER } from './caller.ts';
import type { DeployedResource } from './deployed-templates.ts';

type Exports = ReadonlyMap<string, string>;

/** Values that the deployed stacks export, by name. */
export async function deployedExports(): Promise<Exports> {
  const { Exports } = await new CloudFormationClient({}).send(new ListExportsCommand({}));
  return new Map(Exports?.map((it) => [it.Name ?? '', it.Value ?? '']));
}

/** A resource's properties with every intrinsic function replaced by its value, as CloudFormation hands them to a service. */
export function resolvedProperties(resource: DeployedResource, exports: Exports): Readonly<Record<string, unknown>> {
  return resolve(resource.properties, { resource, exports }) as Record<string, unknown>;
}

interface Context {
  readonly resource: DeployedResource;
  readonly exports: Exports;
}

const PSEUDO: Readonly<Record<string, () => string>> = {
  'AWS::AccountId': () => OWNER,
  'AWS::Region': () => process.env.AWS_REGION ?? '',
  'AWS::Partition': () => 'aws',
  'AWS::URLSuffix': () => 'amazonaws.com',
};

function resolve(value: unknown, context: Context): unknown {
  if (Array.isArray(value)) return value.map((it) => resolve(it, context));
  if (typeof value !== 'object' || value === null) return value;
  const [[name, argument] = [], ...more] = Object.entries(value);
  const isFunction = name !== undefined && more.length === 0 && (name === 'Ref' || name.startsWith('Fn::'));
  if (isFunction) return call(name, argument, context);
  return Object.fromEntries(Object.entries(value).map(([key, it]) => [key, resolve(it, context)]));
}

function call(name: string, argument: unknown, context: Context): unknown {
  const resolved = () => resolve(argument, context);
  switch (name) {
    case 'Ref':
      return reference(String(argument), context);
    case 'Fn::GetAtt':
      return attribute(argument as [string, string], context);
    case 'Fn::ImportValue':
      return context.exports.get(String(resolved())) ?? missing(`export ${argument}`);
    case 'Fn::Sub':
      return String(argument).replace(/\$\{([^}]+)\}/g, (_, key: string) => reference(key, context));
    case 'Fn::Join': {
      const [separator, parts] = resolved() as [string, string[]];
      return parts.join(separator);
    }
    case 'Fn::Select': {
      const [index, parts] = resolved() as [number, unknown[]];
      return parts[Number(index)];
    }
    case 'Fn::Split': {
      const [separator, text] = resolved() as [string, string];
      return text.split(separator);
    }
    default:
      return missing(name);
  }
}

function reference(id: string, { resource }: Context): string {
  return PSEUDO[id]?.() ?? resource.siblings.get(id) ?? missing(`resource ${id}`);
}

/** ARNs of what Kiln's templates ask them of: physical identifiers are names, but for a queue's, which is its URL. */
function attribute([id, name]: readonly [string, string], context: Context): string {
  const physical = reference(id, context);
  const type = context.resource.types.get(id) ?? '';
  if (type === 'AWS::EC2::SecurityGroup' && name === 'GroupId') return physical;
  const [service, prefix] = ARNS[type] ?? missing(`${name} of a ${type}`);
  if (name !== 'Arn') return missing(`${name} of ${id}`);
  if (physical.startsWith('arn:')) return physical;
  const region = service === 'iam' ? '' : process.env.AWS_REGION;
  return `arn:aws:${service}:${region}:${OWNER}:${prefix}${physical.split('/').at(-1)}`;
}

const ARNS: Readonly<Record<string, readonly [service: string, prefix: string]>> = {
  'AWS::SQS::Queue': ['sqs', ''],
  'AWS::IAM::Role': ['iam', 'role/'],
  'AWS::DynamoDB::Table': ['dynamodb', 'table/'],
  'AWS::KMS::Key': ['kms', 'key/'],
  'AWS::Lambda::Function': ['lambda', 'function:'],
};

function missing(what: string): never {
  throw new Error(`internal: the emulator does not know ${what}`);
}
