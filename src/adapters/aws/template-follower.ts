import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient } from '@aws-sdk/client-ssm';
import { readAlias } from './alias-parameters.ts';
import { withFaults } from './aws-fault.ts';
import { RETRIES, setting } from './aws-ports.ts';
import { type FollowingTemplate, followImage } from './launch-templates.ts';

/**
 * Has the launch templates of `KILN_LAUNCH_TEMPLATES` (JSON: a list by image) follow what the image's alias `latest` names: forward when
 * one is published, back when one is recalled. Where the alias is gone there is nothing to go back to, and they stay.
 */
export function awsTemplateFollower(say: (text: string) => void): (image: string) => Promise<void> {
  const [ec2, ssm] = [withFaults(new EC2Client(RETRIES)), withFaults(new SSMClient(RETRIES))];
  const scaling = withFaults(new AutoScalingClient(RETRIES));
  const templates: Record<string, FollowingTemplate[]> = JSON.parse(setting('KILN_LAUNCH_TEMPLATES'));
  return async (image) => {
    const followers = templates[image] ?? [];
    const imageId =
      followers.length > 0 ? await readAlias(ssm, `${setting('KILN_ALIAS_PATH')}/${image}/latest`) : undefined;
    if (imageId === undefined) return;
    for (const it of followers) say(`${it.template}: ${await followImage({ ec2, scaling }, it, imageId)} (${imageId})`);
  };
}
