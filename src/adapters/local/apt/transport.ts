import { createReadStream, type Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Agent as HttpAgent, get as httpGet, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, get as httpsGet } from 'node:https';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { KilnError } from '../../../model/error.ts';
import { proxyEnvironment } from './configuration.ts';

/** What the holder of an older copy may ask with (RFC 9110 §13). */
export interface Validators {
  readonly etag?: string;
  readonly lastModified?: string;
}

/** An answer to a request: bytes from `start` on, nothing new, or nothing there. */
export type Answer =
  | { readonly kind: 'body'; readonly body: Readable; readonly start: number; readonly validators: Validators }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'absent' };

export interface Asking {
  /** First byte wanted; the answer may begin at 0 all the same. */
  readonly from?: number;
  readonly known?: Validators;
  /** No cache on the way may answer by itself. */
  readonly fresh?: boolean;
  readonly signal?: AbortSignal;
}

/** Opens what a `http:`, `https:`, `file:` or `copy:` URI names. Throws SOURCE_UNAVAILABLE, CONFIG_INVALID. */
export type Transport = (uri: string, asking?: Asking) => Promise<Answer>;

/** Silence for longer than this is a mirror that has gone away. */
const SILENCE_MS = 30_000;
const MAX_REDIRECTS = 5;

export function makeTransport(options: { silenceMs?: number } = {}): Transport {
  const silenceMs = options.silenceMs ?? SILENCE_MS;
  let agents: Promise<{ http: HttpAgent; https: HttpsAgent }> | undefined;
  return async (uri, asking = {}) => {
    const { protocol } = parse(uri);
    if (protocol === 'file:' || protocol === 'copy:') return openFile(uri.replace(/^copy:/, 'file:'), asking);
    agents ??= makeAgents();
    return openHttp(uri, asking, await agents, silenceMs, MAX_REDIRECTS);
  };
}

async function makeAgents(): Promise<{ http: HttpAgent; https: HttpsAgent }> {
  const options = { keepAlive: true, maxSockets: 8, proxyEnv: await proxyEnvironment() };
  return { http: new HttpAgent(options), https: new HttpsAgent(options) };
}

/** A URI as it may be shown. */
export function withoutPassword(uri: string): string {
  return uri.replace(/^(\w+:\/\/)[^/@]*@/, '$1');
}

function parse(uri: string): URL {
  const url = URL.canParse(uri) ? new URL(uri) : undefined;
  if (url && ['http:', 'https:', 'file:', 'copy:'].includes(url.protocol)) return url;
  throw new KilnError('CONFIG_INVALID', `${withoutPassword(uri)} is not a URI that Kiln can fetch`, {
    hint: 'http, https, file and copy are known',
  });
}

async function openFile(uri: string, { from = 0, known }: Asking): Promise<Answer> {
  const path = fileURLToPath(uri.replace(/^file:(?!\/\/)/, 'file://'));
  const stats = await stat(path).catch((error: NodeJS.ErrnoException): Stats | undefined => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw unavailable(uri, error.message, error);
  });
  if (!stats?.isFile()) return { kind: 'absent' };
  const etag = `${stats.ino}-${stats.size}-${stats.mtimeMs}-${stats.ctimeMs}`;
  if (known?.etag === etag) return { kind: 'unchanged' };
  const start = Math.min(from, stats.size);
  return { kind: 'body', body: createReadStream(path, { start, highWaterMark: 1 << 20 }), start, validators: { etag } };
}

type Agents = Awaited<ReturnType<typeof makeAgents>>;

async function openHttp(
  uri: string,
  asking: Asking,
  agents: Agents,
  silenceMs: number,
  redirects: number,
): Promise<Answer> {
  const response = await request(uri, asking, agents, silenceMs);
  const status = response.statusCode ?? 0;
  if (status === 200 || status === 206) return body(response, status, asking, uri);
  response.resume();
  // What is here already is longer than what the mirror has: from the beginning, then.
  if (status === 416 && asking.from) return openHttp(uri, { ...asking, from: 0 }, agents, silenceMs, redirects);
  if (status === 304) return { kind: 'unchanged' };
  if (status === 404 || status === 410) return { kind: 'absent' };
  const location = response.headers.location;
  if (status >= 300 && status < 400 && location && redirects > 0) {
    const next = new URL(location, uri);
    // A mirror must not be able to make Kiln read this machine's files.
    if (next.protocol === 'http:' || next.protocol === 'https:') {
      return openHttp(next.href, asking, agents, silenceMs, redirects - 1);
    }
  }
  throw unavailable(uri, `answered ${status}${location ? ` to ${location}` : ''}`);
}

function request(uri: string, asking: Asking, agents: Agents, silenceMs: number): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { from = 0, known, fresh, signal } = asking;
  const headers = {
    'user-agent': 'kiln',
    ...(fresh ? { 'cache-control': 'max-age=0' } : {}),
    ...(known?.etag ? { 'if-none-match': known.etag } : {}),
    ...(known?.lastModified ? { 'if-modified-since': known.lastModified } : {}),
    ...(from > 0 ? { range: `bytes=${from}-` } : {}),
  };
  const secure = uri.startsWith('https:');
  const sent = secure
    ? httpsGet(uri, { agent: agents.https, headers, signal }, resolve)
    : httpGet(uri, { agent: agents.http, headers, signal }, resolve);
  sent.setTimeout(silenceMs, () => sent.destroy(new Error(`nothing came for ${silenceMs / 1000} s`)));
  sent.on('error', (error) => reject(unavailable(uri, error.message, error)));
  return promise;
}

function body(response: IncomingMessage, status: number, asking: Asking, uri: string): Answer {
  const range = /^bytes (\d+)-/.exec(response.headers['content-range'] ?? '');
  const start = status === 206 ? Number(range?.[1] ?? Number.NaN) : 0;
  if (Number.isNaN(start) || start > (asking.from ?? 0)) {
    response.destroy();
    throw unavailable(uri, 'answered with another range than was asked for');
  }
  const { etag, 'last-modified': lastModified } = response.headers;
  const validators = { ...(etag ? { etag } : {}), ...(lastModified ? { lastModified } : {}) };
  return { kind: 'body', body: response, start, validators };
}

/** The fault of a source that cannot be reached now. */
export function unavailable(uri: string, what: string, cause?: unknown): KilnError {
  return new KilnError('SOURCE_UNAVAILABLE', `${withoutPassword(uri)}: ${what}`, {
    hint: 'try again later; what was downloaded is kept',
    cause,
  });
}
