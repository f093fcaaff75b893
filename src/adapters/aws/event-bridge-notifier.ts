import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Notice, Notifier } from '../../ports/notifier.ts';

export interface NoticePlaces {
  readonly events: EventBridgeClient;
  readonly bus: string;
  readonly sns: SNSClient;
  /** Topic that people subscribe to; none: the bus alone. */
  readonly topicArn?: string;
  /** Told of a notice that could not be delivered. */
  readonly onLost?: (notice: Notice, error: unknown) => void;
}

/** Puts each notice on the bus (source `kiln`, detail type = kind) and publishes it on a topic. A receiver that is away is not a fault. */
export function eventBridgeNotifier(places: NoticePlaces): Notifier {
  return {
    async notify(notice) {
      const sent = await Promise.allSettled([putEvent(places, notice), publish(places, notice)]);
      for (const it of sent) if (it.status === 'rejected') places.onLost?.(notice, it.reason);
    },
  };
}

async function putEvent({ events, bus }: NoticePlaces, { kind, image, subject, detail }: Notice): Promise<void> {
  const Detail = JSON.stringify({ ...detail, image, subject });
  const entry = { EventBusName: bus, Source: 'kiln', DetailType: kind, Detail };
  const answer = await events.send(new PutEventsCommand({ Entries: [entry] }));
  const [result] = answer.Entries ?? [];
  // PutEvents answers 200 also for entries that it did not take.
  if (answer.FailedEntryCount) throw new Error(`${result?.ErrorCode}: ${result?.ErrorMessage}`);
}

async function publish({ sns, topicArn }: NoticePlaces, notice: Notice): Promise<void> {
  if (topicArn === undefined) return;
  const subject = notice.subject.replace(/[^\x20-\x7e]/g, '?').slice(0, 100);
  const attribute = (value: string) => ({ DataType: 'String', StringValue: value });
  await sns.send(
    new PublishCommand({
      TopicArn: topicArn,
      Subject: subject,
      Message: JSON.stringify(notice, null, 2),
      MessageAttributes: { kind: attribute(notice.kind), image: attribute(notice.image) },
    }),
  );
}
