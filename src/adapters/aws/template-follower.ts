import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { Notifier } from '../../ports/notifier.ts';
import { readAlias } from './alias-parameters.ts';
import { withFaults } from './aws-fault.ts';
import { RETRIES, setting } from './aws-ports.ts';
import { type FollowingTemplate, followImage } from './launch-templates.ts';

interface Following {
  follow(image: string): Promise<void>;
  /** The same for the images that an Auto Scaling group has, once a refresh of it has ended. */
  followGroup(group: string): Promise<void>;
}

/**
 * Has the launch templates of `KILN_LAUNCH_TEMPLATES` (JSON: a list by image) follow what the image's alias `latest` names: forward when
 * one is published, back when one is recalled. Where the alias is gone there is nothing to go back to, and they stay.
 */
export function awsTemplateFollower(say: (text: string) => void, notifier: Notifier): Following {
  const [ec2, ssm] = [withFaults(new EC2Client(RETRIES)), withFaults(new SSMClient(RETRIES))];
  const scaling = withFaults(new AutoScalingClient(RETRIES));
  const templates = (): Record<string, FollowingTemplate[]> => JSON.parse(setting('KILN_LAUNCH_TEMPLATES'));
  const follow = async (image: string) => {
    const followers = templates()[image] ?? [];
    const imageId =
      followers.length > 0 ? await readAlias(ssm, `${setting('KILN_ALIAS_PATH')}/${image}/latest`) : undefined;
    if (imageId === undefined) return;
    for (const it of followers) {
      const followed = await followImage({ ec2, scaling }, it, imageId);
      say(`${it.template}: ${followed} (${imageId})`);
      if (followed !== 'rolled back') continue;
      const { template, autoScalingGroup } = it;
      const subject = `${template} went back: instances of ${imageId} did not become healthy in ${autoScalingGroup}`;
      await notifier.notify({
        kind: 'template.rolled-back',
        image,
        subject,
        detail: { template, autoScalingGroup, imageId },
      });
    }
  };
  const isOf = (group: string) => (it: FollowingTemplate) => it.autoScalingGroup === group;
  return {
    follow,
    async followGroup(group) {
      for (const [image, all] of Object.entries(templates())) if (all.some(isOf(group))) await follow(image);
    },
  };
}
