import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';

/** An object as the bucket lists it. */
export interface Listed {
  readonly key: string;
  /** Another one after every change of its bytes. */
  readonly tag: string;
  /** Milliseconds since the epoch, whole seconds. */
  readonly changedAt: number;
}

export interface ListPlace {
  readonly bucket: string;
  readonly client: S3Client;
  readonly prefix: string;
}

/** Objects below a prefix in the order of their keys; of a range those after one key and up to another. */
export async function listObjects(
  { bucket, client, prefix }: ListPlace,
  range?: { readonly startAfter: string; readonly end: string },
): Promise<Listed[]> {
  const found: Listed[] = [];
  let after: string | undefined;
  do {
    const wanted = { Bucket: bucket, Prefix: prefix, StartAfter: range?.startAfter, ContinuationToken: after };
    const page = await listPage(client, new ListObjectsV2Command(wanted));
    for (const it of page.objects) {
      if (range && it.key > range.end) return found;
      if (isPlain(it.key)) found.push(it);
    }
    after = page.next;
  } while (after !== undefined);
  return found;
}

/** Keys are free text: one that would leave the folder is nobody's file. */
const isPlain = (key: string) => !key.endsWith('/') && !key.split('/').some((part) => part === '..' || part === '.');

interface Page {
  readonly objects: readonly Listed[];
  readonly next: string | undefined;
}

/**
 * A page of the list, its XML read here: the SDK's own reader makes an object of each of its elements, which for the lists of ten thousand
 * images takes longer than all that is then done with them. Errors are left to the SDK.
 */
async function listPage(client: S3Client, command: ListObjectsV2Command): Promise<Page> {
  let page: Page | undefined;
  const readHere = (next: (args: unknown) => Promise<{ response: unknown }>) => async (args: unknown) => {
    const result = await next(args);
    const response = result.response as { statusCode: number; body: Readable };
    if (response.statusCode === 200) {
      page = pageOf(await text(response.body));
      response.body = Readable.from([Buffer.from('<ListBucketResult/>')]);
    }
    return result;
  };
  const place = { name: 'readListHere', relation: 'after', toMiddleware: 'deserializerMiddleware' } as const;
  command.middlewareStack.addRelativeTo(readHere as never, place);
  await client.send(command);
  if (!page) throw new Error('internal: a list without an answer');
  return page;
}

/** The objects of a `ListBucketResult` (Amazon S3 API, ListObjectsV2). */
export function pageOf(xml: string): Page {
  const objects = Array.from(xml.matchAll(/<Contents>(.*?)<\/Contents>/gs), ([, it = '']) => ({
    key: element(it, 'Key') ?? '',
    tag: element(it, 'ETag') ?? '',
    changedAt: Date.parse(element(it, 'LastModified') ?? '') || 0,
  }));
  return { objects, next: element(xml, 'NextContinuationToken') };
}

function element(xml: string, name: string): string | undefined {
  const start = xml.indexOf(`<${name}>`);
  if (start < 0) return undefined;
  const from = start + name.length + 2;
  const value = xml.slice(from, xml.indexOf('<', from));
  return value.includes('&') ? value.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, decoded) : value;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decoded(whole: string, decimal?: string, hexadecimal?: string, name?: string): string {
  if (name !== undefined) return ENTITIES[name] ?? whole;
  return String.fromCodePoint(Number.parseInt(decimal ?? hexadecimal ?? '', decimal === undefined ? 16 : 10));
}
