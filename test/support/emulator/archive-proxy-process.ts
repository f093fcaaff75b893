// An HTTP proxy to the archives that this machine's apt configuration names, and to nothing else: a process of its own, since
// what runs tests may connect to this machine only. Tells its parent the port, and ends with it.
import { createReadStream, existsSync, mkdirSync, renameSync } from 'node:fs';
import { open } from 'node:fs/promises';
import {
  createServer,
  get,
  Agent as HttpAgent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { get as getSecurely, Agent as HttpsAgent } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { proxyEnvironment, readArchives } from '../../../src/adapters/local/apt/configuration.ts';
import { sha256 } from '../../../src/model/canonical.ts';

/** What never changes under its name is kept for later runs of the tests. */
const KEPT = fileURLToPath(new URL('../../../node_modules/.cache/kiln-archive', import.meta.url));
const UNCHANGING = /\/(pool|by-hash)\//;
/** What a mirror may replace at any moment is for as long as this proxy runs what it was when first asked for: tests compare builds. */
const frozen = new Map<string, Promise<Frozen>>();
const FROZEN = /\/dists\//;

interface Frozen {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
}

/** Serves on a free port of 127.0.0.1 and gives the port. */
async function listen(): Promise<number> {
  mkdirSync(KEPT, { recursive: true });
  const hosts = new Set(readArchives('/').flatMap(({ uri }) => (URL.canParse(uri) ? new URL(uri).host : [])));
  const options = { keepAlive: true, maxSockets: 8, proxyEnv: await proxyEnvironment() };
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };
  const server = createServer((request, response) => {
    serve(request, response, { hosts, agents }).catch((error) => response.destroy(error));
  });
  server.on('connect', (request, socket) => tunnel(request.url ?? '', socket, hosts));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return (server.address() as AddressInfo).port;
}

function tunnel(target: string, socket: Duplex, hosts: ReadonlySet<string>): void {
  const [host = '', port] = target.split(':');
  if (!hosts.has(host)) {
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    return;
  }
  const beyond = connect(Number(port ?? 443), host, () => {
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    beyond.pipe(socket).pipe(beyond);
  });
  const end = () => {
    beyond.destroy();
    socket.destroy();
  };
  for (const it of [beyond, socket]) it.on('error', end).on('close', end);
}

interface Beyond {
  readonly hosts: ReadonlySet<string>;
  readonly agents: { readonly http: HttpAgent; readonly https: HttpsAgent };
}

async function serve(request: IncomingMessage, response: ServerResponse, beyond: Beyond): Promise<void> {
  const uri = request.url ?? '';
  if (!URL.canParse(uri) || !beyond.hosts.has(new URL(uri).host)) {
    response.writeHead(403).end('not an archive of this machine');
    return;
  }
  const kept = UNCHANGING.test(uri) && request.headers.range === undefined ? join(KEPT, sha256(uri)) : undefined;
  if (kept && existsSync(kept)) {
    response.writeHead(200);
    await pipeline(createReadStream(kept), response);
    return;
  }
  if (!kept && FROZEN.test(uri) && request.headers.range === undefined) {
    await answerFrozen(uri, request, response, beyond);
    return;
  }
  const answer = await ask(uri, request, beyond);
  const { statusCode = 502, headers } = answer;
  response.writeHead(statusCode, headers);
  if (kept && statusCode === 200) await keep(answer, response, kept);
  else await pipeline(answer, response);
}

async function answerFrozen(
  uri: string,
  request: IncomingMessage,
  response: ServerResponse,
  beyond: Beyond,
): Promise<void> {
  let held = frozen.get(uri);
  if (!held) {
    held = freeze(uri, request, beyond);
    frozen.set(uri, held);
    held.catch(() => frozen.delete(uri));
  }
  const { statusCode, headers, bytes } = await held;
  if (statusCode >= 500) frozen.delete(uri);
  const unchanged = headers.etag !== undefined && headers.etag === request.headers['if-none-match'];
  response.writeHead(unchanged ? 304 : statusCode, headers).end(unchanged ? undefined : bytes);
}

async function freeze(uri: string, request: IncomingMessage, beyond: Beyond): Promise<Frozen> {
  const { 'if-none-match': _, 'if-modified-since': _since, ...headers } = request.headers;
  const answer = await ask(uri, { headers }, beyond);
  const bytes = Buffer.concat(await answer.toArray());
  const { 'transfer-encoding': _encoding, ...kept } = answer.headers;
  return { statusCode: answer.statusCode ?? 502, headers: kept, bytes };
}

function ask(uri: string, { headers }: Pick<IncomingMessage, 'headers'>, { agents }: Beyond): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { connection: _, 'proxy-connection': _proxy, ...kept } = headers;
  const secure = uri.startsWith('https:');
  const sent = secure
    ? getSecurely(uri, { agent: agents.https, headers: kept }, resolve)
    : get(uri, { agent: agents.http, headers: kept }, resolve);
  sent.on('error', reject);
  return promise;
}

async function keep(answer: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
  const part = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}`;
  const file = await open(part, 'wx');
  try {
    for await (const chunk of answer) {
      await file.write(chunk as Buffer);
      if (!response.write(chunk)) await new Promise((drained) => response.once('drain', drained));
    }
  } finally {
    await file.close();
  }
  response.end();
  if (answer.complete) renameSync(part, path);
}

process.on('disconnect', () => process.exit());
process.send?.(await listen());
