import middy from '@middy/core';
import { timestamp } from '../../src/ports/clock.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { requestsOf } from './build-requests.ts';

/** As much of an SQS event as is used; the answer names the messages that stay in the queue (ReportBatchItemFailures). */
interface QueueEvent {
  readonly Records: readonly { readonly messageId: string; readonly body: string }[];
}
interface QueueAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

type StartPorts = Pick<Ports, 'catalog' | 'executions' | 'clock'>;

/** Starts what each event of the queue calls for. An event that comes twice starts nothing twice; one that fails stays in the queue. */
export const makeHandler = (ports: Ports) =>
  middy<QueueEvent, QueueAnswer>().handler(async ({ Records }) => {
    const failed: string[] = [];
    for (const { messageId, body } of Records) {
      await start(ports, body).catch((error: unknown) => {
        console.error(JSON.stringify({ message: 'an event could not be handled', messageId, error: String(error) }));
        failed.push(messageId);
      });
    }
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  });

async function start({ catalog, executions, clock }: StartPorts, body: string): Promise<void> {
  const { eventId, requests } = requestsOf(
    JSON.parse(body),
    (await catalog.listImages()).map((it) => it.name),
  );
  for (const { image, cause, spec } of requests) {
    // A spec that is new in the bucket makes its image known; a mere request does not.
    if (spec !== undefined) await catalog.putImage({ name: image, spec, addedAt: timestamp(clock) });
    await executions.start({ image, cause, key: `${eventId}:${image}` });
  }
}
