import { z } from 'zod';
import { type Cause, cause } from '../../src/model/build.ts';
import { KilnError } from '../../src/model/error.ts';

export interface BuildRequested {
  readonly image: string;
  readonly cause: Cause;
  /** Key of the image's spec, where the event says that it is there. */
  readonly spec?: string;
  /** Also where nothing changed that Kiln sees. */
  readonly force?: boolean;
}

/** What an event asks for; `all` means every known image, with one cause. */
export interface Asked {
  readonly eventId: string;
  readonly requests: readonly BuildRequested[];
  readonly all?: Cause;
}

const imageName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'an image’s name');

const event = z.object({
  id: z.string().min(1),
  'detail-type': z.string(),
  detail: z.record(z.string(), z.unknown()).default({}),
});

const requested = z.object({ image: imageName, cause: cause.optional(), force: z.boolean().optional() });
const updated = z.object({ images: z.array(imageName).optional(), component: z.string().optional() });
const stored = z.object({ object: z.object({ key: z.string() }) });

/** A vendor's notice of new AMIs as SNS puts it into a queue: whoever the vendor is, it names them. */
const notice = z.object({
  Type: z.literal('Notification'),
  MessageId: z.string().min(1),
  TopicArn: z.string(),
  Message: z.string(),
});

export interface VendorNotice {
  readonly eventId: string;
  /** Last part of the topic's ARN. */
  readonly topic: string;
  readonly amis: ReadonlySet<string>;
}

/** A notice that came by SNS; undefined for anything else. */
export function vendorNotice(input: unknown): VendorNotice | undefined {
  const parsed = notice.safeParse(input);
  if (!parsed.success) return undefined;
  const { MessageId, TopicArn, Message } = parsed.data;
  const amis = new Set(Message.match(/\bami-[0-9a-f]{8,17}\b/g) ?? []);
  return { eventId: MessageId, topic: TopicArn.split(':').at(-1) ?? TopicArn, amis };
}

/**
 * What an EventBridge event asks to be built: `kiln.build.requested` names the image, `kiln.component.updated` may name
 * images (else all known ones are looked at), a changed object in the bucket says by its key. Throws USAGE.
 */
export function requestsOf(input: unknown): Asked {
  const { id, 'detail-type': type, detail } = valid(event, input);
  if (type !== 'kiln.component.updated') return { eventId: id, requests: forType(type, detail) };
  const { images, component } = valid(updated, detail);
  const cause: Cause = { kind: 'component', detail: component };
  return {
    eventId: id,
    requests: (images ?? []).map((image) => ({ image, cause })),
    ...(images ? {} : { all: cause }),
  };
}

function forType(type: string, detail: unknown): BuildRequested[] {
  switch (type) {
    case 'kiln.build.requested': {
      const { image, cause: why = { kind: 'request' }, force } = valid(requested, detail);
      return [{ image, cause: why, ...(force ? { force } : {}) }];
    }
    case 'Object Created':
      return forObject(valid(stored, detail).object.key);
    default:
      return [];
  }
}

/** Policies and accounts are not among them: what was built already is judged again by them. */
function forObject(key: string): BuildRequested[] {
  const [, image] = /^settings\/images\/([a-z0-9][a-z0-9-]*)\/./.exec(key) ?? [];
  // The lock is written by the build itself: it calls for no other one.
  if (image === undefined || key.endsWith('/image.lock')) return [];
  const spec = key.endsWith(`/${image}/image.yaml`) ? key : undefined;
  return [{ image, cause: { kind: 'request', detail: `${key} changed` }, spec }];
}

function valid<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new KilnError('USAGE', `the event is not valid: ${issue?.path.join('.') || 'event'}: ${issue?.message}`);
}
