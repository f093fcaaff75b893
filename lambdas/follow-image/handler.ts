import middy from '@middy/core';
import { z } from 'zod';
import { validated } from '../shared/validated.ts';

/** As much of an SQS event as is used: each message is an event that names an image, or a group whose refresh has ended. */
const queueEvent = z.object({ Records: z.array(z.object({ messageId: z.string(), body: z.string() })) });
const busEvent = z.union([
  z.object({ detail: z.object({ image: z.string().min(1) }) }),
  z.object({ source: z.literal('aws.autoscaling'), detail: z.object({ AutoScalingGroupName: z.string().min(1) }) }),
]);

/** What has templates follow images. */
export interface TemplateFollower {
  follow(image: string): Promise<void>;
  /** The same for the images that an Auto Scaling group has, once a refresh of it has ended. */
  followGroup(group: string): Promise<void>;
}

interface QueueAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** Has launch templates follow what `latest` means now; one that has to wait stays in the queue. */
export const makeHandler = (follower: TemplateFollower) =>
  middy<z.infer<typeof queueEvent>, QueueAnswer>()
    .use(validated(queueEvent))
    .handler(async ({ Records }) => {
      const failed: string[] = [];
      for (const { messageId, body } of Records) {
        try {
          const { detail } = busEvent.parse(JSON.parse(body));
          await ('image' in detail ? follower.follow(detail.image) : follower.followGroup(detail.AutoScalingGroupName));
        } catch (error) {
          console.error(JSON.stringify({ message: 'templates could not follow', messageId, error: String(error) }));
          failed.push(messageId);
        }
      }
      return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
    });
