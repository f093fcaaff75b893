import middy from '@middy/core';
import { z } from 'zod';
import { timestamp } from '../../src/ports/clock.ts';
import { FLEET_FROM } from '../../src/ports/executions.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { validated } from '../shared/validated.ts';
import { type Asked, requestsOf, vendorNotice } from './build-requests.ts';
import { type ParentPorts, requestsOfNotice } from './parents.ts';

/** As much of an SQS event as is used; the answer names the messages that stay in the queue (ReportBatchItemFailures). */
const queueEvent = z.object({ Records: z.array(z.object({ messageId: z.string(), body: z.string() })) });
type QueueEvent = z.infer<typeof queueEvent>;

interface QueueAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

export type StartPorts = Pick<Ports, 'catalog' | 'executions' | 'clock'> & ParentPorts;

/** Starts what each event of the queue calls for. An event that comes twice starts nothing twice; one that fails stays in the queue. */
export const makeHandler = (ports: StartPorts) =>
  middy<QueueEvent, QueueAnswer>()
    .use(validated(queueEvent, 'messages of the queue of requests call it'))
    .handler(async ({ Records }) => {
      const failed: string[] = [];
      for (const { messageId, body } of Records) {
        await start(ports, body).catch((error: unknown) => {
          console.error(JSON.stringify({ message: 'an event could not be handled', messageId, error: String(error) }));
          failed.push(messageId);
        });
      }
      return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
    });

async function start(ports: StartPorts, body: string): Promise<void> {
  const { catalog, executions, clock } = ports;
  const asked = await askedBy(ports, JSON.parse(body));
  const { eventId, requests } = asked;
  const [cause] = requests.map((it) => it.cause);
  if (cause && requests.length >= FLEET_FROM && executions.startFleet && isOneCause(asked)) {
    const images = asked.all === undefined ? requests.map((it) => it.image) : 'all';
    return executions.startFleet({ images, cause, key: eventId });
  }
  for (const { image, cause: why, spec, force } of requests) {
    // A spec that is new in the bucket makes its image known; a mere request does not.
    if (spec !== undefined) await catalog.putImage({ name: image, spec, addedAt: timestamp(clock) });
    await executions.start({ image, cause: why, key: `${eventId}:${image}`, ...(force ? { force } : {}) });
  }
}

const isOneCause = ({ requests }: Asked) => requests.every((it) => it.spec === undefined && !it.force);

async function askedBy(ports: StartPorts, message: unknown): Promise<Asked> {
  const notice = vendorNotice(message);
  if (notice) return { eventId: notice.eventId, requests: await requestsOfNotice(ports, notice) };
  const asked = requestsOf(message);
  if (asked.all === undefined) return asked;
  const cause = asked.all;
  const known = await ports.catalog.listImages();
  return { ...asked, requests: known.map(({ name }) => ({ image: name, cause })) };
}
