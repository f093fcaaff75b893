import { type DeployedResource, deployedResources } from './deployed-templates.ts';
import type { Answer, Call, Route } from './door.ts';
import { type Asked, askedBy } from './iam-actions.ts';
import { deployedExports, resolvedProperties } from './intrinsics.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

interface Grant {
  readonly actions: readonly RegExp[];
  readonly resources: readonly RegExp[];
}

/**
 * Refuses what a deployed function or project has no right to by the policies of its deployed role, which the emulator does not look at:
 * actions, and resources where the call itself names them; conditions hold.
 */
export function grantedRights(): Route {
  let granted: Promise<ReadonlyMap<string, readonly Grant[]>> | undefined;
  return async (call) => {
    const name = / app\/([a-z0-9-]+)/.exec(call.headers['user-agent'] ?? '')?.[1];
    if (name === undefined) return undefined;
    granted ??= grantsByName();
    const grants = (await granted).get(name);
    const missing = grants && askedBy(call).find((it) => !grants.some((grant) => allows(grant, it)));
    return missing && refusal(call, `${name} is not authorized to perform: ${missing.action} on ${missing.arn ?? '*'}`);
  };
}

const allows = ({ actions, resources }: Grant, { action, arn }: Asked): boolean =>
  actions.some((it) => it.test(action)) && (arn === undefined || resources.some((it) => it.test(arn)));

async function grantsByName(): Promise<Map<string, Grant[]>> {
  const exports = await deployedExports();
  const byRole = new Map<string, Grant[]>();
  for (const policy of await deployedResources('AWS::IAM::Policy')) {
    const { PolicyDocument, Roles } = policy.properties as {
      PolicyDocument: { Statement: Statement[] };
      Roles: { Ref: string }[];
    };
    const grants = PolicyDocument.Statement.map((it) => grantOf(it, policy, exports));
    for (const { Ref } of Roles) {
      const role = policy.siblings.get(Ref) ?? '';
      byRole.set(role, [...(byRole.get(role) ?? []), ...grants]);
    }
  }
  const named = new Map<string, Grant[]>();
  for (const [type, name, role] of OWNERS)
    for (const it of await deployedResources(type)) {
      const { 'Fn::GetAtt': [id] = [''] } = it.properties[role] as { 'Fn::GetAtt'?: string[] };
      named.set(String(it.properties[name]), byRole.get(it.siblings.get(id ?? '') ?? '') ?? []);
    }
  return named;
}

const OWNERS = [
  ['AWS::Lambda::Function', 'FunctionName', 'Role'],
  ['AWS::CodeBuild::Project', 'Name', 'ServiceRole'],
] as const;

function grantOf(statement: Statement, policy: DeployedResource, exports: ReadonlyMap<string, string>): Grant {
  const resources = [statement.Resource].flat().map((it) => resolved(it, policy, exports));
  return { actions: [statement.Action].flat().map(pattern), resources: resources.map(pattern) };
}

/** What the emulator cannot tell stands for anything. */
function resolved(Resource: unknown, policy: DeployedResource, exports: ReadonlyMap<string, string>): string {
  if (typeof Resource === 'string') return Resource;
  try {
    return String(resolvedProperties({ ...policy, properties: { Resource } }, exports).Resource);
  } catch {
    return '*';
  }
}

const pattern = (text: string) =>
  new RegExp(
    `^${text
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    's',
  );

function refusal({ service }: Call, message: string): Answer {
  const xml = (body: string): Answer => ({
    status: 403,
    headers: { 'content-type': 'text/xml' },
    body: Buffer.from(body),
  });
  const error = (code: string) => `<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  if (service === 's3') return xml(error('AccessDenied'));
  if (service === 'ec2') return xml(`<Response><Errors>${error('UnauthorizedOperation')}</Errors></Response>`);
  if (service === 'sns') return xml(`<ErrorResponse>${error('AuthorizationError')}</ErrorResponse>`);
  const body = JSON.stringify({ __type: 'AccessDeniedException', message });
  return {
    status: 403,
    headers: { 'x-amzn-errortype': 'AccessDeniedException', 'content-type': 'application/json' },
    body: Buffer.from(body),
  };
}
