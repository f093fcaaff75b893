import type { Image } from '@aws-sdk/client-ec2';
import { DeleteParameterCommand, GetParameterCommand, PutParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { errorName } from './aws-fault.ts';

/** Points an alias at an AMI; one that is still being copied is not named yet. SSM checks that the AMI is there (`aws:ec2:image`). */
export async function pointAlias(ssm: SSMClient, Name: string, image: Image): Promise<void> {
  if (image.State === 'pending') return;
  const parameter = { Name, Value: image.ImageId as string, Type: 'String' as const, Overwrite: true };
  await ssm.send(new PutParameterCommand({ ...parameter, DataType: 'aws:ec2:image' }));
}

/** The AMI that an alias names; undefined where it names none. */
export async function readAlias(ssm: SSMClient, Name: string): Promise<string | undefined> {
  try {
    return (await ssm.send(new GetParameterCommand({ Name }))).Parameter?.Value;
  } catch (error) {
    if (errorName(error) !== 'ParameterNotFound') throw error;
    return undefined;
  }
}

/** Takes an alias away, if it is there. */
export async function removeAlias(ssm: SSMClient, Name: string): Promise<void> {
  try {
    await ssm.send(new DeleteParameterCommand({ Name }));
  } catch (error) {
    if (errorName(error) !== 'ParameterNotFound') throw error;
  }
}
