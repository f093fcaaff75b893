import { request } from 'node:http';
import { connect } from 'node:net';
import middy from '@middy/core';
import { z } from 'zod';
import { imageTest } from '../../src/model/spec.ts';
import { validated } from '../shared/validated.ts';

const probeEvent = z.object({ host: z.ipv4(), test: imageTest });
type ProbeEvent = z.infer<typeof probeEvent>;

export interface ProbeAnswer {
  readonly passed: boolean;
  readonly detail: string;
}

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 1 << 20;

/** Asks an instance in the same subnet once. It uses no AWS API, so its subnet needs no way out. */
export const makeHandler = () =>
  middy<ProbeEvent, ProbeAnswer>()
    .use(validated(probeEvent))
    .handler(({ host, test }) => ask(host, test).catch((error: Error) => ({ passed: false, detail: error.message })));

async function ask(host: string, test: ProbeEvent['test']): Promise<ProbeAnswer> {
  if ('http' in test) return askHttp(host, test.http);
  if ('tcp' in test) return askTcp(host, test.tcp);
  return { passed: false, detail: 'only http and tcp are asked over the network' };
}

type HttpTest = Extract<ProbeEvent['test'], { http: unknown }>['http'];
type TcpTest = Extract<ProbeEvent['test'], { tcp: unknown }>['tcp'];

async function askHttp(host: string, { port, path, status, body }: HttpTest): Promise<ProbeAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<ProbeAnswer>();
  const call = request({ host, port, path, timeout: TIMEOUT_MS }, (answer) => {
    let text = '';
    answer.setEncoding('utf8');
    answer.on('data', (chunk: string) => {
      if (text.length < MAX_BYTES) text += chunk;
    });
    answer.on('error', reject);
    answer.on('end', () => {
      const right = answer.statusCode === status;
      if (!right) resolve({ passed: false, detail: `status ${answer.statusCode}, not ${status}` });
      else if (body !== undefined && !text.includes(body))
        resolve({ passed: false, detail: `the body has no "${body}"` });
      else resolve({ passed: true, detail: `status ${status}` });
    });
  });
  call.on('timeout', () => call.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
  call.on('error', reject);
  call.end();
  return promise;
}

async function askTcp(host: string, { port, send, expect }: TcpTest): Promise<ProbeAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<ProbeAnswer>();
  const socket = connect({ host, port, timeout: TIMEOUT_MS });
  let text = '';
  socket.on('connect', () => {
    if (send !== undefined) socket.write(send);
    if (expect === undefined) resolve({ passed: true, detail: 'connected' });
  });
  socket.on('data', (chunk) => {
    text = (text + chunk.toString()).slice(-MAX_BYTES);
    if (expect !== undefined && text.includes(expect)) resolve({ passed: true, detail: `answered "${expect}"` });
  });
  socket.on('timeout', () => reject(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
  socket.on('close', () => resolve({ passed: false, detail: `the answer has no "${expect}"` }));
  socket.on('error', reject);
  return promise.finally(() => socket.destroy());
}
