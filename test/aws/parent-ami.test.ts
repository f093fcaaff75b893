import { ImagebuilderClient } from '@aws-sdk/client-imagebuilder';
import { SSMClient } from '@aws-sdk/client-ssm';
import { expect, test } from 'vitest';
import { amiOfParent } from '../../src/adapters/aws/parent-ami.ts';
import { openDoor, type Route } from '../support/emulator/door.ts';

const IMAGE = 'arn:aws:imagebuilder:eu-west-1:aws:image/debian-12-x86';
const [HERE, THERE, OLD] = ['ami-0000000000000001', 'ami-0000000000000002', 'ami-0000000000000003'];

const answer = (status: number, value: object, type?: string) => ({
  status,
  headers: { 'content-type': 'application/json', ...(type ? { 'x-amzn-errortype': type } : {}) },
  body: Buffer.from(JSON.stringify(value)),
});
const built = (image: string) => ({ region: 'eu-west-1', image });
const BUILDS: Record<string, object[]> = {
  [`${IMAGE}/1.0.0/1`]: [built(OLD)],
  [`${IMAGE}/1.0.0/10`]: [{ region: 'us-east-1', image: THERE }, built(HERE)],
  [`${IMAGE}/x.x.x`]: [built(HERE)],
  [`${IMAGE}/2.0.0/1`]: [{ region: 'us-east-1', image: THERE }],
};

/** EC2 Image Builder and Systems Manager, as far as parents are looked up in them. */
const services: Route = async ({ path, body, operation }) => {
  if (operation === 'GetParameter') {
    const { Name } = JSON.parse(body.toString());
    if (Name === '/aws/service/vendor/12') return answer(200, { Parameter: { Name, Value: HERE } });
    return answer(400, { __type: 'ParameterNotFound', message: 'none' });
  }
  if (path === '/ListImageBuildVersions') {
    const { imageVersionArn } = JSON.parse(body.toString());
    const arns = Object.keys(BUILDS).filter((it) => it.startsWith(`${imageVersionArn}/`));
    const failed = { arn: `${imageVersionArn}/11`, state: { status: 'FAILED' } };
    const made = arns.map((arn) => ({ arn, state: { status: 'AVAILABLE' } }));
    return answer(200, { imageSummaryList: [...made, failed] });
  }
  const arn = new URLSearchParams(path.split('?')[1]).get('imageBuildVersionArn') ?? '';
  const amis = BUILDS[arn];
  if (!amis) return answer(404, { message: 'none' }, 'ResourceNotFoundException');
  return answer(200, { image: { arn, outputResources: { amis } } });
};

test.each([
  { summary: 'an AMI', parent: HERE, want: HERE },
  { summary: 'a parameter', parent: 'ssm:/aws/service/vendor/12', want: HERE },
  { summary: 'a parameter that is not there', parent: 'ssm:/aws/service/none', want: undefined },
  { summary: 'one build of Image Builder', parent: `${IMAGE}/1.0.0/1`, want: OLD },
  { summary: 'a version of Image Builder: its newest build that went well', parent: `${IMAGE}/1.0.0`, want: HERE },
  { summary: 'the newest version of Image Builder', parent: `${IMAGE}/x.x.x`, want: HERE },
  { summary: 'an image that is in another region alone', parent: `${IMAGE}/2.0.0/1`, want: undefined },
  { summary: 'an image that is not there', parent: `${IMAGE}/9.9.9/1`, want: undefined },
])('the AMI of a parent: $summary', async ({ parent, want }) => {
  const door = await openDoor([services], () => 0);
  try {
    const endpoint = `http://127.0.0.1:${door.port}`;
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
    const options = { endpoint, region: 'eu-west-1', credentials };
    const places = { ssm: () => new SSMClient(options), builder: () => new ImagebuilderClient(options) };
    expect(await amiOfParent(places, parent)).toBe(want);
  } finally {
    await door.stop();
  }
});
