import { expect, test } from 'vitest';
import { asFault } from '../../../src/adapters/aws/aws-fault.ts';

const sdkError = (name: string, further: object = {}, message = 'said by AWS') =>
  Object.assign(new Error(message), { name, ...further });

test.each([
  { summary: 'calls come too fast', error: sdkError('SlowDown'), code: 'THROTTLED', hint: /minute/ },
  {
    summary: 'no region is chosen',
    error: sdkError('Error', {}, 'Region is missing'),
    code: 'CONFIG_INVALID',
    hint: /AWS_REGION/,
  },
  {
    summary: 'a region that is none',
    error: sdkError('Error', { code: 'ENOTFOUND' }),
    code: 'DEPENDENCY_UNAVAILABLE',
    hint: /AWS_REGION/,
  },
  {
    summary: 'nobody has signed in',
    error: sdkError('CredentialsProviderError'),
    code: 'CONFIG_INVALID',
    hint: /AWS_PROFILE/,
  },
  {
    summary: 'the keys are not valid',
    error: sdkError('UnrecognizedClientException'),
    code: 'CONFIG_INVALID',
    hint: /sign in/,
  },
  {
    summary: 'a right is missing',
    error: sdkError('AccessDeniedException'),
    code: 'CONFIG_INVALID',
    hint: /a right to/,
  },
  { summary: 'the bucket is gone', error: sdkError('NoSuchBucket'), code: 'CONFIG_INVALID', hint: /cdk deploy/ },
  {
    summary: 'the table is gone',
    error: sdkError('ResourceNotFoundException'),
    doing: 'DynamoDBDocumentClient QueryCommand kiln-catalog',
    code: 'CONFIG_INVALID',
    hint: /cdk deploy/,
  },
])('$summary: what is said helps', ({ error, doing = 'SomeClient SomeCommand', code, hint }) => {
  const message = expect.stringContaining(`${doing}: `);
  expect(asFault(error, doing)).toMatchObject({ code, message, hint: expect.stringMatching(hint) });
});

test('an error that says something of the request itself stays what it is', () => {
  const error = sdkError('ResourceNotFoundException');
  expect(asFault(error, 'EBSClient PutSnapshotBlockCommand')).toBe(error);
});
