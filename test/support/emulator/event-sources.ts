import { setTimeout as sleep } from 'node:timers/promises';
import { LambdaClient, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { Functions } from './lambda-functions.ts';

/** A poller; `failure` is what ended it before it was stopped. */
export interface Polling {
  readonly failure: () => unknown;
  stop(): Promise<void>;
}

/** Polls every deployed mapping of a queue to a function, as Lambda does: what the function reports as failed stays in the queue. */
export function pollEventSources(functions: Functions): Polling {
  const end = new AbortController();
  let failure: unknown;
  const polling = poll(functions, end.signal).catch((error) => {
    failure = error;
  });
  return {
    failure: () => failure,
    async stop() {
      end.abort();
      await polling;
    },
  };
}

async function poll(functions: Functions, signal: AbortSignal): Promise<void> {
  const [lambda, sqs] = [new LambdaClient({}), new SQSClient({ useQueueUrlAsEndpoint: false })];
  while (!signal.aborted) {
    const { EventSourceMappings } = await lambda.send(new ListEventSourceMappingsCommand({}));
    for (const { EventSourceArn = '', FunctionArn = '', BatchSize } of EventSourceMappings ?? []) {
      await deliver(sqs, functions, EventSourceArn, FunctionArn.split(':').at(-1) ?? '', BatchSize ?? 10);
    }
    await sleep(200, undefined, { signal }).catch(() => undefined);
  }
}

/** Longer than any function works; and how soon what failed comes again, which the queue's own time makes minutes. */
const SECONDS = { working: 600, again: 1 } as const;

async function deliver(sqs: SQSClient, functions: Functions, queueArn: string, name: string, size: number) {
  const [region, account, queue] = queueArn.split(':').slice(3);
  const QueueUrl = `https://sqs.${region}.amazonaws.com/${account}/${queue}`;
  const request = { QueueUrl, MaxNumberOfMessages: Math.min(size, 10), VisibilityTimeout: SECONDS.working };
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(request));
  if (Messages.length === 0) return;
  const Records = Messages.map((it) => ({ messageId: it.MessageId, body: it.Body, eventSourceARN: queueArn }));
  const { payload, failed } = await functions.invoke(name, { Records });
  const answered: { itemIdentifier: string }[] = failed ? [] : (JSON.parse(payload)?.batchItemFailures ?? []);
  const kept = new Set(answered.map((it) => it.itemIdentifier));
  for (const { MessageId = '', ReceiptHandle } of Messages) {
    const again = { QueueUrl, ReceiptHandle, VisibilityTimeout: SECONDS.again };
    if (failed || kept.has(MessageId)) await sqs.send(new ChangeMessageVisibilityCommand(again));
    else await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  }
}
