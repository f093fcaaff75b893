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

type Of<K extends string> = Extract<ProbeEvent['test'], Record<K, unknown>>[K];

/** Asks over the network: undefined where the answer is as wanted, else why it is not. */
export interface Asking {
  http(at: { host: string; port: number }, wanted: Of<'http'>, signal: AbortSignal): Promise<string | undefined>;
  tcp(at: { host: string; port: number }, wanted: Of<'tcp'>, signal: AbortSignal): Promise<string | undefined>;
}

/** Asks an instance in the same subnet once. It uses no AWS API, so its subnet needs no way out. */
export const makeHandler = (asking: Asking) =>
  middy<ProbeEvent, ProbeAnswer>()
    .use(validated(probeEvent))
    .handler(async ({ host, test }) => {
      const why = await ask(asking, host, test);
      return { passed: why === undefined, detail: why ?? 'as wanted' };
    });

async function ask(asking: Asking, host: string, test: ProbeEvent['test']): Promise<string | undefined> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  if ('http' in test) return asking.http({ host, port: test.http.port }, test.http, signal);
  if ('tcp' in test) return asking.tcp({ host, port: test.tcp.port }, test.tcp, signal);
  return 'only http and tcp are asked over the network';
}
