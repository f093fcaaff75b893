import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { handler } from '../../lambdas/probe-instance/index.ts';

const probe = handler as unknown as (event: unknown, context: unknown) => Promise<{ passed: boolean; detail: string }>;
const host = '127.0.0.1';

async function listening(server: Server): Promise<number> {
  server.listen(0, host);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('the prober', () => {
  const web = createServer((request, response) => {
    response.writeHead(request.url === '/' ? 200 : 404).end('it works');
  });
  const echo = createTcpServer((socket) => socket.on('data', () => socket.end('+PONG\r\n')));
  const ports: Record<string, number> = {};
  beforeAll(async () => {
    Object.assign(ports, { web: await listening(web), echo: await listening(echo) });
  });
  afterAll(() => {
    web.close();
    echo.close();
  });

  test.each([
    { summary: 'the status that is wanted', ask: { http: {} }, passed: true },
    { summary: 'the text that is wanted', ask: { http: { body: 'works' } }, passed: true },
    { summary: 'another text', ask: { http: { body: 'broken' } }, passed: false, says: /does not contain "broken"/ },
    { summary: 'another status', ask: { http: { path: '/none' } }, passed: false, says: /404, wanted 200/ },
    { summary: 'an answer over TCP', ask: { tcp: { send: 'PING\r\n', expect: '+PONG' } }, passed: true },
    {
      summary: 'another answer over TCP',
      ask: { tcp: { send: 'PING\r\n', expect: '+OK' } },
      passed: false,
      says: /answered|closed/,
    },
    { summary: 'a port that listens', ask: { tcp: {} }, passed: true },
  ])('$summary', async ({ ask, passed, says }) => {
    const test = 'http' in ask ? { http: { ...ask.http, port: ports.web } } : { tcp: { ...ask.tcp, port: ports.echo } };
    const answer = await probe({ host, test }, {});
    expect(answer.passed).toBe(passed);
    if (says) expect(answer.detail).toMatch(says);
  });

  test('a port on which nothing listens is an answer, not an error', async () => {
    const server = createTcpServer();
    const port = await listening(server);
    server.close();
    expect(await probe({ host, test: { tcp: { port } } }, {})).toMatchObject({ passed: false });
  });

  test('a host by name is refused: it has no resolver', async () => {
    await expect(probe({ host: 'web.example', test: { tcp: { port: 80 } } }, {})).rejects.toMatchObject({
      code: 'USAGE',
    });
  });
});
