import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** What the server does with one request instead of serving the file: each may be left out. */
export interface Behaviour {
  /** Answers with this status and nothing else. */
  status?: number;
  /** Breaks the connection after so many bytes of the body. */
  cutAfter?: number;
  /** Sends nothing at all, and keeps the connection. */
  silent?: boolean;
  /** Serves the whole file to a request for a part of it. */
  ignoreRange?: boolean;
  /** Sends another location. */
  redirect?: string;
  /** Leaves out ETag and Last-Modified. */
  noValidators?: boolean;
}

export interface Served {
  path: string;
  status: number;
  /** First byte that was asked for. */
  from: number;
}

/** A folder served on 127.0.0.1, as well or as badly as a test says. */
export interface ArchiveServer {
  uri: string;
  /** Every request so far; empty it to count anew. */
  requests: Served[];
  /** What to do with requests from now on; nothing: serve. */
  behave(rule: (path: string, times: number) => Behaviour | undefined): void;
  close(): Promise<void>;
}

export async function serveArchive(folder: string): Promise<ArchiveServer> {
  const requests: Served[] = [];
  let rule: (path: string, times: number) => Behaviour | undefined = () => undefined;
  const server = createServer((request, response) => {
    const path = decodeURIComponent(normalize(new URL(request.url ?? '/', 'http://localhost').pathname));
    const times = requests.filter((it) => it.path === path).length;
    const behaviour = rule(path, times) ?? {};
    const reply = replyTo(join(folder, path), request, behaviour);
    requests.push({ path, status: reply.status, from: rangeStart(request) });
    if (!behaviour.silent) send(response, reply);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    behave: (next) => {
      rule = next;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(() => closed()));
    },
  };
}

interface Reply {
  status: number;
  headers: OutgoingHttpHeaders;
  body?: Buffer;
  cutAfter?: number;
}

function send(response: ServerResponse, { status, headers, body = Buffer.alloc(0), cutAfter }: Reply): void {
  response.writeHead(status, headers);
  if (cutAfter === undefined) response.end(body);
  else response.write(body.subarray(0, cutAfter), () => void cut(response));
}

/** Whoever asks is mostly in this process: it gets some turns to write down what it has, however busy the machine is. */
async function cut(response: ServerResponse): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await pause(5);
  response.destroy();
}

function replyTo(file: string, request: IncomingMessage, behaviour: Behaviour): Reply {
  if (behaviour.status) return { status: behaviour.status, headers: {} };
  if (behaviour.redirect) return { status: 302, headers: { location: behaviour.redirect } };
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return { status: 404, headers: {} };
  const bytes = readFileSync(file);
  const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"`;
  if (!behaviour.noValidators && request.headers['if-none-match'] === etag) return { status: 304, headers: {} };
  const from = behaviour.ignoreRange ? 0 : rangeStart(request);
  if (from > 0 && from >= bytes.length) return { status: 416, headers: {} };
  const body = bytes.subarray(from);
  const headers = { 'content-length': body.length, ...(behaviour.noValidators ? {} : { etag }) };
  const part = from > 0 ? { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {};
  return { status: from > 0 ? 206 : 200, headers: { ...headers, ...part }, body, cutAfter: behaviour.cutAfter };
}

function rangeStart(request: IncomingMessage): number {
  return Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
}
