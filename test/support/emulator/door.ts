import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** One call as it reached the door, its body read whole. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** `Action` of a query protocol's form, or the operation of `X-Amz-Target`. */
  readonly operation: string;
  /** Service that the request is signed for, such as `ec2`. */
  readonly service: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}

/** Answers a call itself, or lets it through; `forward` asks the emulator behind the door. */
export type Route = (call: Call, forward: (call: Call) => Promise<Answer>) => Promise<Answer | undefined>;

export interface Door {
  readonly port: number;
  stop(): Promise<void>;
}

/** A front door on 127.0.0.1: the routes in order, then whatever listens on the port behind it. */
export async function openDoor(routes: readonly Route[], behind: () => number): Promise<Door> {
  const server = createServer((message, response) => {
    serve(message, response, routes, behind).catch((error) => {
      response.writeHead(500, { 'content-type': 'text/plain' }).end(`front door: ${error}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('internal: no port');
  return {
    port: address.port,
    async stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function serve(
  message: IncomingMessage,
  response: ServerResponse,
  routes: readonly Route[],
  behind: () => number,
) {
  const call = await callOf(message);
  const forward = (it: Call) => ask(behind(), it);
  const answer = await firstAnswer(routes, call, forward);
  response.writeHead(answer.status, { ...answer.headers });
  response.end(call.method === 'HEAD' ? undefined : answer.body);
}

async function firstAnswer(routes: readonly Route[], call: Call, forward: (call: Call) => Promise<Answer>) {
  for (const route of routes) {
    const answer = await route(call, forward);
    if (answer) return answer;
  }
  return forward(call);
}

async function callOf(message: IncomingMessage): Promise<Call> {
  const body = await bodyOf(message);
  const headers = Object.fromEntries(Object.entries(message.headers).map(([name, value]) => [name, String(value)]));
  const form = headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  const action = form ? new URLSearchParams(body.toString()).get('Action') : null;
  return {
    method: message.method ?? 'GET',
    path: message.url ?? '/',
    headers,
    body,
    operation: action ?? headers['x-amz-target']?.split('.').at(-1) ?? '',
    service: /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? '',
  };
}

async function bodyOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const HOP_BY_HOP = new Set(['connection', 'transfer-encoding', 'keep-alive', 'content-length', 'expect']);

function ask(port: number, call: Call): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const kept = Object.entries(call.headers).filter(([name]) => !HOP_BY_HOP.has(name));
  const headers = { ...Object.fromEntries(kept), 'content-length': String(call.body.length) };
  const outgoing = request({ host: '127.0.0.1', port, method: call.method, path: call.path, headers }, (incoming) => {
    bodyOf(incoming).then((body) => resolve(answerOf(incoming, call, body)), reject);
  });
  outgoing.on('error', reject);
  outgoing.end(call.body);
  return promise;
}

function answerOf(incoming: IncomingMessage, call: Call, body: Buffer): Answer {
  const kept = Object.entries(incoming.headers).filter(([name]) => !HOP_BY_HOP.has(name));
  const headers = Object.fromEntries(kept) as Record<string, string | string[]>;
  const length = call.method === 'HEAD' ? incoming.headers['content-length'] : String(body.length);
  return {
    status: incoming.statusCode ?? 502,
    headers: length === undefined ? headers : { ...headers, 'content-length': length },
    body,
  };
}
