import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { probeInstance } from '../../src/adapters/local/probe.ts';
import { busyGauge } from '../../src/adapters/local/qemu/busy-gauge.ts';
import { imageTest } from '../../src/model/spec.ts';
import type { Instance } from '../../src/ports/test-bed.ts';

let server: Server;
let answered: number;
let instance: Instance;

/** Hangs twice, as a guest does that is still booting, then fails once, then serves. */
beforeEach(async () => {
  answered = 0;
  server = createServer((_, response) => {
    answered += 1;
    if (answered <= 2) return;
    response.statusCode = answered === 3 ? 503 : 200;
    response.end('served');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const endpoints = { 80: { host: '127.0.0.1', port } };
  const launchedAt = new Date().toISOString();
  instance = { id: 'i-1', account: 'test', imageId: 'image', launchedAt, endpoints, machine: 'tcg' };
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const context = { clock: Date, console: () => 'a\nkiln: up\n', isAlive: () => true, established: async () => true };
const probe = (wanted: object, changes: object = {}) =>
  probeInstance(instance, imageTest.parse(wanted), { ...context, ...changes });

test('attempts that hang do not hold up those that would succeed', async () => {
  expect(await probe({ timeout: '10s', http: { body: 'served' } })).toMatchObject({ passed: true });
  expect(answered).toBeGreaterThanOrEqual(4);
});

test('a machine that is slow to boot may be slow to answer', async () => {
  server.removeAllListeners('request');
  server.on('request', (_, response) => setTimeout(() => response.end('served'), 4_000));
  const fast = Date.now();
  const clock = { now: () => fast + (Date.now() - fast) * 20 };
  expect(await probe({ timeout: '300s', http: { body: 'served' } }, { clock })).toMatchObject({ passed: true });
}, 30_000);

test.each([
  { summary: 'a machine that is at work gets up to twice the time', isBusy: () => true, passed: true },
  { summary: 'one that only waits does not', isBusy: () => false, passed: false },
])('$summary', async ({ isBusy, passed }) => {
  let began: number | undefined;
  server.removeAllListeners('request');
  server.on('request', (_, response) => {
    began ??= Date.now();
    response.statusCode = Date.now() - began > 1_500 ? 200 : 503;
    response.end('served');
  });
  expect(await probe({ timeout: '1s', http: { body: 'served' } }, { isBusy })).toMatchObject({ passed });
});

test('a process is busy while it wants a processor', async () => {
  const loop = spawn('sh', ['-c', 'while :; do :; done']);
  const idle = spawn('sleep', ['60']);
  try {
    let time = 0;
    const gauges = [loop, idle].map(({ pid }) => busyGauge(pid!, () => time));
    expect(gauges.map((it) => it())).toEqual([false, false]);
    await sleep(6_000);
    // What stands for the clock agrees with how long they have run.
    time = 6_000;
    expect(gauges.map((it) => it())).toEqual([true, false]);
  } finally {
    loop.kill();
    idle.kill();
  }
});

test('TCP that only the forwarder accepts is no success', async () => {
  const result = await probe({ timeout: '1s', tcp: { port: 80 } }, { established: async () => false });
  expect(result).toMatchObject({ passed: false });
});

test('what came back instead of what a test expects is told', async () => {
  const strict = createTcpServer((socket) => socket.end('J\0\0\u0001Host is not allowed to connect'));
  await new Promise<void>((resolve) => strict.listen(0, '127.0.0.1', resolve));
  const endpoints = { 3306: { host: '127.0.0.1', port: (strict.address() as AddressInfo).port } };
  const asked = imageTest.parse({ timeout: '1s', tcp: { port: 3306, expect: 'native' } });
  const result = await probeInstance({ ...instance, endpoints }, asked, context);
  strict.close();
  expect(result.detail).toBe('not in 1s: answered "J Host is not allowed to connect" and hung up');
});

test('an instance that ended is not asked any longer, and its last words are told', async () => {
  const result = await probe({ timeout: '60s', http: { status: 418 } }, { isAlive: () => false });
  expect(result).toMatchObject({ passed: false, detail: 'the instance ended: a | kiln: up' });
});

test('an interruption ends the test', async () => {
  const signal = AbortSignal.abort();
  await expect(probe({ console: { line: 'absent' } }, { signal })).rejects.toMatchObject({ code: 'INTERRUPTED' });
});

test('words of a command are told where the instance is', async () => {
  const { port } = instance.endpoints[80]!;
  const command = { run: ['printf', '%s', 'at {host} {port:80}'], output: `at 127.0.0.1 ${port}` };
  expect(await probe({ timeout: '10s', command })).toMatchObject({ name: 'printf', passed: true });
});
