import type { Call } from './door.ts';

/** What a call asks of IAM: an action, and the resource where the call itself names it. */
export interface Asked {
  readonly action: string;
  readonly arn?: string;
}

/** Every right that a call needs of whoever makes it. */
export function askedBy(call: Call): Asked[] {
  switch (call.service) {
    case 's3':
      return s3(call);
    case 'dynamodb':
      return dynamo(call);
    case 'ec2':
      return ec2(call);
    case 'ebs':
      return [{ action: `ebs:${ebsOperation(call)}` }];
    case 'lambda':
      return [{ action: 'lambda:InvokeFunction' }];
    case 'imagebuilder':
      return [{ action: `imagebuilder:${/^\/(\w+)/.exec(call.path)?.[1]}` }];
    case 'ssm':
      return [{ action: `ssm:${call.operation}`, arn: parameterArn(call) }];
    default:
      return call.operation === '' ? [] : [{ action: `${call.service}:${call.operation}` }];
  }
}

/** Path-style addresses: `/BUCKET/KEY?QUERY`. */
function s3({ method, path }: Call): Asked[] {
  const [address = '', query = ''] = path.split('?');
  const [bucket = '', ...rest] = address.slice(1).split('/');
  const key = decodeURIComponent(rest.join('/'));
  if (key === '') return method === 'GET' ? [{ action: 's3:ListBucket', arn: `arn:aws:s3:::${bucket}` }] : [];
  const aborts = method === 'DELETE' && query.includes('uploadId=');
  const actions: Record<string, string> = { GET: 'GetObject', HEAD: 'GetObject', PUT: 'PutObject', POST: 'PutObject' };
  const action = aborts ? 'AbortMultipartUpload' : (actions[method] ?? 'DeleteObject');
  return [{ action: `s3:${action}`, arn: `arn:aws:s3:::${bucket}/${key}` }];
}

const ITEM_ACTIONS = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
};

function dynamo({ operation, body }: Call): Asked[] {
  if (operation !== 'TransactWriteItems') return [{ action: `dynamodb:${operation}` }];
  const items = (JSON.parse(body.toString()) as { TransactItems: object[] }).TransactItems;
  return items
    .flatMap((it) => Object.keys(it))
    .map((kind) => ({
      action: `dynamodb:${ITEM_ACTIONS[kind as keyof typeof ITEM_ACTIONS]}`,
    }));
}

/** What is tagged as it is made needs the right to tag. */
function ec2({ operation, body }: Call): Asked[] {
  const own = { action: `ec2:${operation}` };
  return body.includes('TagSpecification.') ? [own, { action: 'ec2:CreateTags' }] : [own];
}

function ebsOperation({ method, path }: Call): string {
  if (method === 'PUT') return 'PutSnapshotBlock';
  if (method === 'POST') return path.startsWith('/snapshots/completion') ? 'CompleteSnapshot' : 'StartSnapshot';
  return /\/blocks\/\d/.test(path) ? 'GetSnapshotBlock' : 'ListSnapshotBlocks';
}

function parameterArn({ body, headers }: Call): string | undefined {
  const { Name } = JSON.parse(body.toString()) as { Name?: string };
  const region = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1];
  const account = Name?.startsWith('/aws/') ? '' : '123456789012';
  return Name && `arn:aws:ssm:${region}:${account}:parameter${Name}`;
}
