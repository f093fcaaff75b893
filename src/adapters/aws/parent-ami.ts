import { GetImageCommand, type ImagebuilderClient, ListImageBuildVersionsCommand } from '@aws-sdk/client-imagebuilder';
import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { errorName } from './aws-fault.ts';

export interface ParentPlaces {
  readonly ssm: () => SSMClient;
  readonly builder: () => ImagebuilderClient;
}

/**
 * AMI that a spec's parent means now: itself, what its SSM parameter holds, or what the newest build of an image of EC2 Image Builder made in
 * this region; undefined where there is none.
 */
export async function amiOfParent(places: ParentPlaces, parent: string): Promise<string | undefined> {
  if (parent.startsWith('ami-')) return parent;
  if (parent.startsWith('ssm:')) return parameterOf(places.ssm(), parent.slice('ssm:'.length));
  return parent.startsWith('arn:') ? builtOf(places.builder(), parent) : undefined;
}

async function parameterOf(client: SSMClient, Name: string): Promise<string | undefined> {
  try {
    return (await client.send(new GetParameterCommand({ Name }))).Parameter?.Value;
  } catch (error) {
    if (errorName(error) !== 'ParameterNotFound') throw error;
    return undefined;
  }
}

const NONE = new Set([
  'ResourceNotFoundException',
  'InvalidParameterException',
  'InvalidRequestException',
  'ClientException',
]);
const VERSION = /\/\d+\.\d+\.\d+$/;

async function builtOf(client: ImagebuilderClient, arn: string): Promise<string | undefined> {
  try {
    const build = VERSION.test(arn) ? await newestBuild(client, arn) : arn;
    if (build === undefined) return undefined;
    // An ARN with `x` for parts of its version means the newest that fits.
    const { image } = await client.send(new GetImageCommand({ imageBuildVersionArn: build }));
    const amis = image?.outputResources?.amis ?? [];
    const region = await client.config.region();
    return amis.find((it) => it.region === region)?.image;
  } catch (error) {
    if (!NONE.has(errorName(error))) throw error;
    return undefined;
  }
}

async function newestBuild(client: ImagebuilderClient, imageVersionArn: string): Promise<string | undefined> {
  let newest: string | undefined;
  let nextToken: string | undefined;
  const numberOf = (arn = '/0') => Number(arn.slice(arn.lastIndexOf('/') + 1));
  do {
    const page = await client.send(new ListImageBuildVersionsCommand({ imageVersionArn, nextToken }));
    for (const { arn, state } of page.imageSummaryList ?? [])
      if (state?.status === 'AVAILABLE' && numberOf(arn) > numberOf(newest)) newest = arn;
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return newest;
}
