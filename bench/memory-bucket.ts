import { createHash } from 'node:crypto';
import type { Answer, Call, Route } from '../test/support/emulator/door.ts';

interface Stored {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

const PAGE = 1_000;

/** S3 as far as Kiln's adapters use it, in this process: objects of one bucket, listed in the order of their keys by a thousand. */
export function memoryBucket(): Route {
  const objects = new Map<string, Stored>();
  let keys: string[] | undefined;
  return async (call) => {
    if (call.service !== 's3') return undefined;
    const url = new URL(call.path, 'http://bucket');
    const key = decodeURIComponent(url.pathname.split('/').slice(2).join('/'));
    if (key === '') {
      keys ??= [...objects.keys()].sort();
      return listed(objects, keys, url.searchParams);
    }
    if (call.method === 'PUT') {
      objects.set(key, stored(call));
      keys = undefined;
      return answer(200, objects.get(key)!.headers);
    }
    if (call.method === 'DELETE') {
      objects.delete(key);
      keys = undefined;
      return answer(204);
    }
    const found = objects.get(key);
    if (!found) return answer(404, {}, '<Error><Code>NoSuchKey</Code><Message>none</Message></Error>');
    return answer(200, { ...found.headers, 'content-length': String(found.body.length) }, found.body);
  };
}

function stored({ body, headers }: Call): Stored {
  const kept = Object.entries(headers).filter(([name]) => /^(content-encoding|x-amz-meta-.*)$/.test(name));
  const encoding = headers['content-encoding']?.replace(/aws-chunked,?\s*/, '');
  const bytes = headers['content-encoding']?.includes('aws-chunked') ? unchunked(body) : body;
  return {
    body: bytes,
    headers: {
      ...Object.fromEntries(kept),
      ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
      etag: `"${createHash('md5').update(bytes).digest('hex')}"`,
      'last-modified': new Date().toUTCString(),
    },
  };
}

/** `SIZE[;…]CRLF BYTES CRLF …` (Signature Version 4, streaming). */
function unchunked(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.toString('latin1', at, end), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

function listed(objects: ReadonlyMap<string, Stored>, keys: readonly string[], query: URLSearchParams): Answer {
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
  let at = firstFrom(keys, [after, prefix].sort()[1]!);
  if (keys[at] === after) at += 1;
  const page: string[] = [];
  for (; page.length < PAGE && keys[at]?.startsWith(prefix); at += 1) page.push(keys[at]!);
  const more = page.length === PAGE && (keys[at]?.startsWith(prefix) ?? false);
  const contents = page.map((key) => {
    const { body, headers } = objects.get(key)!;
    const at = new Date(headers['last-modified'] ?? 0).toISOString();
    return `<Contents><Key>${key}</Key><LastModified>${at}</LastModified><ETag>${headers.etag}</ETag><Size>${body.length}</Size></Contents>`;
  });
  const next = more ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
  const text = `<ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`;
  return answer(200, { 'content-type': 'application/xml' }, text);
}

/** Index of the first key that does not stand before a text. */
function firstFrom(keys: readonly string[], text: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

const answer = (status: number, headers: Record<string, string> = {}, body: Buffer | string = ''): Answer => ({
  status,
  headers: { ...headers },
  body: Buffer.from(body),
});
