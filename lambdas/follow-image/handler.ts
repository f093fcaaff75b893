import middy from '@middy/core';
import { z } from 'zod';
import { validated } from '../shared/validated.ts';

/** As much of an SQS event as is used: each message is an event of the bus that names an image. */
const queueEvent = z.object({ Records: z.array(z.object({ messageId: z.string(), body: z.string() })) });
const busEvent = z.object({ detail: z.object({ image: z.string().min(1) }) });

interface QueueAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** Has launch templates follow what `latest` means now; one that has to wait stays in the queue. */
export const makeHandler = (follow: (image: string) => Promise<void>) =>
  middy<z.infer<typeof queueEvent>, QueueAnswer>()
    .use(validated(queueEvent))
    .handler(async ({ Records }) => {
      const failed: string[] = [];
      for (const { messageId, body } of Records) {
        try {
          await follow(busEvent.parse(JSON.parse(body)).detail.image);
        } catch (error) {
          console.error(JSON.stringify({ message: 'templates could not follow', messageId, error: String(error) }));
          failed.push(messageId);
        }
      }
      return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
    });
