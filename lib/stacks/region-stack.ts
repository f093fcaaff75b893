import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Configuration } from '../configuration.ts';
import { imageKey } from '../constructs/image-key.ts';

export interface RegionProps extends StackProps {
  readonly configuration: Configuration;
}

/** What a region that images are copied to needs: the key that their copies are encrypted with. */
export class RegionStack extends Stack {
  constructor(scope: Construct, id: string, props: RegionProps) {
    super(scope, id, props);
    const { name, organizations } = props.configuration;
    const key = imageKey(this, 'ImageKey', { name, organizations });
    new CfnOutput(this, 'ImageKeyArn', { value: key.keyArn, description: 'kept when this stack is destroyed' });
  }
}
