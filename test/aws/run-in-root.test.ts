import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runInRoot } from '../../lambdas/run-command/run-in-root.ts';
import type { CommandTest } from '../../src/adapters/aws/command-tester.ts';
import { imageTest } from '../../src/model/spec.ts';
import { fetchClosure } from '../support/emulator/parent-root.ts';

const PROGRAMS = ['sh', 'env', 'ls', 'nc', 'grep'];

/** A root of busybox alone stands for a tester's. */
describe('a test’s command in a root of its own', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kiln-run-in-root-'));
  const tar = join(folder, 'root.tar');
  const server = createServer((socket) => socket.end('hello\n'));
  let port = 0;

  beforeAll(async () => {
    const root = join(folder, 'root');
    for (const name of ['usr/bin', 'proc', 'dev', 'root']) mkdirSync(join(root, name), { recursive: true });
    symlinkSync('usr/bin', join(root, 'bin'));
    const { source, packages } = await fetchClosure(['busybox-static'], join(folder, 'fetched'));
    const busybox = packages.find((it) => it.name === 'busybox-static');
    if (!busybox) throw new Error('internal: no busybox');
    writeFileSync(join(root, 'usr/bin/busybox'), (await source.open(busybox)).data.read('/usr/bin/busybox'));
    chmodSync(join(root, 'usr/bin/busybox'), 0o755);
    for (const name of PROGRAMS) symlinkSync('busybox', join(root, 'usr/bin', name));
    execFileSync('tar', ['-c', '-f', tar, '-C', root, '.']);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as { port: number }).port;
  });
  afterAll(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (command: object, timeout = '5s') => {
    const endpoints = { [port]: { host: '127.0.0.1', port } };
    const launchedAt = new Date().toISOString();
    const instance = { id: 'i-1', account: 'test', imageId: 'ami-1', launchedAt, endpoints, machine: 't3.small' };
    return runInRoot(tar, instance, imageTest.parse({ timeout, command }) as CommandTest);
  };

  test('reaches the instance and is told where it is', async () => {
    const asked = ['sh', '-c', `nc {host} {port:${port}} < /dev/null`];
    expect(await run({ run: asked, output: 'hello' })).toMatchObject({ passed: true });
  });

  test('sees nothing but the root, its own processes, and none of the environment', async () => {
    process.env.KILN_SECRET = 'secret';
    const said = await run({ run: ['sh', '-c', 'ls /; ls /proc; env; exit 3'] }, '1s');
    delete process.env.KILN_SECRET;
    expect(said).toMatchObject({ passed: false, detail: expect.stringContaining('status 3') });
    expect(said.detail).not.toContain('secret');
    const processes = await run({ run: ['sh', '-c', 'ls /proc | grep -c "^[0-9]" || true'], output: 'none' }, '1s');
    expect(Number(/(\d+)\s*$/.exec(processes.detail ?? '')?.[1])).toBeLessThan(6);
  });

  test.each([
    { summary: 'that is in no package', run: ['redis-cli'], packages: [], hint: /name its Debian package/ },
    {
      summary: 'that its packages do not bring',
      run: ['/usr/bin/redis-cli'],
      packages: ['redis-tools'],
      hint: /redis-tools/,
    },
  ])('a program $summary is said', async ({ run: argv, packages, hint }) => {
    await expect(run({ run: argv, packages })).rejects.toMatchObject({
      code: 'HOST_NOT_READY',
      hint: expect.stringMatching(hint),
    });
  });
});
