import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unshareIsolatedRoot } from '../../src/adapters/local/unshare-isolated-root.ts';

const isolation = unshareIsolatedRoot();
const folder = mkdtempSync(join(tmpdir(), 'kiln-isolation-'));
const root = join(folder, 'root');
/** The host's own programs, read-only: the root needs a shell, and so does an attacker. */
const binds = [{ source: '/usr', target: '/usr' }];
const secret = join(folder, 'outside');

beforeAll(() => {
  mkdirSync(root);
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(root, name));
  writeFileSync(secret, 'untouched');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sh = (script: string, options = {}) => isolation.run(root, ['sh', '-c', script], { binds, ...options });

describe('what a command does', () => {
  test('is seen: output, lines as they come, status, input, environment, folder', async () => {
    const lines: string[] = [];
    const result = await sh('pwd; echo "$WORD"; cat; echo oops >&2; exit 7', {
      input: 'from outside\n',
      environment: { WORD: 'given' },
      workingDirectory: '/usr',
      onLine: (line: string) => lines.push(line),
    });
    expect(result).toEqual({ exitStatus: 7, stdout: '/usr\ngiven\nfrom outside\n', stderr: 'oops\n', timedOut: false });
    expect(lines.toSorted()).toEqual(['/usr', 'from outside', 'given', 'oops']);
  });

  test('happens in the root', async () => {
    await sh('mkdir -p /made/inside && echo yes > /made/inside/file');
    expect(readFileSync(join(root, 'made/inside/file'), 'utf8')).toBe('yes\n');
  });

  test('needs neither shell nor library in the root when it is told what is missing', async () => {
    const empty = mkdtempSync(join(folder, 'empty-'));
    const result = await isolation.run(empty, ['/bin/nothing'], {});
    expect(result.exitStatus).toBe(127);
    expect(result.stderr).toContain('/bin/nothing');
  });

  test('may talk without end, and does not fill this process', async () => {
    const result = await sh('head -c 100000000 /dev/zero | tr "\\0" x; echo; echo end');
    expect(result.stdout.length).toBeLessThan(40_000_000);
    expect(result.stdout.endsWith('x\nend\n')).toBe(true);
  });

  test('reaches what is bound, writable only if said so', async () => {
    for (const name of ['shared', 'readable']) mkdirSync(join(folder, name), { recursive: true });
    const result = await sh('echo a > /in/shared/file; echo b > /in/readable/file', {
      binds: [
        ...binds,
        { source: join(folder, 'shared'), target: '/in/shared', writable: true },
        { source: join(folder, 'readable'), target: '/in/readable' },
      ],
    });
    expect(result.stderr).toContain('Read-only file system');
    expect(readFileSync(join(folder, 'shared/file'), 'utf8')).toBe('a\n');
    expect(readdirSync(join(folder, 'readable'))).toEqual([]);
  });
});

describe('a hostile command', () => {
  let server: Server;
  let port: number;
  let connections = 0;
  const victim = spawn('sleep', ['600'], { stdio: 'ignore' });

  beforeAll(async () => {
    server = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as { port: number }).port;
  });
  afterAll(() => {
    server.close();
    victim.kill('SIGKILL');
  });

  const outside = ['/proc/sys/kernel/core_pattern', '/proc/sys/kernel/hostname', '/proc/sys/vm/swappiness'];
  const perl = (code: string) => `perl -e '${code}'`;
  const attacks = [
    { summary: 'write to the host by its path', script: `echo gone > ${secret}` },
    { summary: 'write to the host through the first process', script: `echo gone > /proc/1/root${secret}` },
    {
      summary: 'write to the host through what the first process has open',
      script: 'for f in /proc/1/fd/* /proc/1/cwd/x; do echo gone > $f && exit 0; done; exit 1',
    },
    { summary: 'read the first process’s program, which is the host’s', script: 'head -c 4 /proc/1/exe' },
    { summary: 'write to a bound folder', script: 'echo gone > /usr/kiln-was-here' },
    { summary: 'write to a bound folder after a remount', script: 'mount -o remount,bind,rw /usr' },
    { summary: 'escape by a link to the host', script: `ln -sfn ${folder} /escape; echo gone > /escape/outside` },
    { summary: 'set the core pattern', script: 'echo "|/evil" > /proc/sys/kernel/core_pattern' },
    { summary: 'set a machine-wide limit', script: 'echo 1 > /proc/sys/vm/swappiness' },
    { summary: 'use sysrq', script: 'test -e /proc/sysrq-trigger || exit 1; echo h > /proc/sysrq-trigger' },
    { summary: 'change the mode of a device that the host uses', script: 'chmod 0600 /dev/null' },
    { summary: 'make a device', script: 'mknod /disk b 254 0 || mknod /zero c 1 5' },
    {
      summary: 'mount',
      script: 'mkdir -p /mnt; mount -t tmpfs none /mnt || mount -t proc none /mnt || mount --bind / /mnt',
    },
    { summary: 'unmount what hides something', script: 'umount /proc/sys' },
    { summary: 'get powers back in a user namespace', script: 'unshare --user --map-root-user true' },
    {
      summary: 'get powers back in a user namespace by clone3',
      script: perl('exit(syscall(435, pack("Q11", 0x10000000, (0) x 10), 88) == -1 ? 1 : 0)'),
    },
    { summary: 'enter the namespaces of another process', script: 'nsenter --target 1 --mount true' },
    {
      summary: 'load a module',
      script: perl('my $o = ""; exit(syscall(313, 0, $o, 0) == -1 && syscall(175, 0, 0, $o) == -1 ? 1 : 0)'),
    },
    { summary: 'load a kernel', script: perl('exit(syscall(246, 0, 0, 0, 0) == -1 ? 1 : 0)') },
    {
      summary: 'make a BPF map',
      script: perl('my $a = pack("L18", 1, 4, 4, 1, (0) x 14); exit(syscall(321, 0, $a, 72) == -1 ? 1 : 0)'),
    },
    { summary: 'reach the machine below through a vsock', script: perl('socket(my $s, 40, 1, 0) or exit 1') },
    { summary: 'open a raw socket', script: perl('socket(my $s, 2, 3, 1) or exit 1') },
    { summary: 'set the time', script: 'date --set 2001-01-01' },
    { summary: 'end the first process', script: 'kill -KILL 1; sleep 0.1; exit 1' },
  ];

  test.each(attacks)('cannot $summary', async ({ script }) => {
    const before = outside.map((path) => readFileSync(path, 'utf8'));
    const result = await sh(script, { timeoutMs: 20_000 });
    expect(result).toMatchObject({ timedOut: false });
    expect(result.exitStatus).not.toBe(0);
    expect(outside.map((path) => readFileSync(path, 'utf8'))).toEqual(before);
    expect(readFileSync(secret, 'utf8')).toBe('untouched');
    expect(existsSync('/usr/kiln-was-here')).toBe(false);
    expect(statSync('/dev/null').mode & 0o777).toBe(0o666);
  });

  test('has a loopback of its own', async () => {
    const serve = 'socket S,2,1,0 and bind S,pack("S n N x8",2,4000,2130706433) and listen S,1 or die $!;';
    const ask = 'socket C,2,1,0 and connect C,pack("S n N x8",2,4000,2130706433) or die $!; print "reached"';
    expect((await isolation.run(root, ['perl', '-e', serve + ask], { binds })).stdout).toBe('reached');
  });

  test('cannot reach the network, the loopback of the host included', async () => {
    const connect = perl(
      `use Socket; socket(my $s, 2, 1, 0) or exit 1; connect($s, pack_sockaddr_in(${port}, inet_aton("127.0.0.1"))) or exit 1`,
    );
    expect((await sh(connect)).exitStatus).not.toBe(0);
    expect(connections).toBe(0);
    expect((await sh('cat /proc/net/dev')).stdout.match(/^ *\w+:/gm)?.map((name) => name.trim())).toEqual(['lo:']);
  });

  test('cannot see or kill a process of the host', async () => {
    const result = await sh(`kill -KILL ${victim.pid}; kill -KILL -1; ls /proc`);
    expect(victim.exitCode).toBe(null);
    expect(existsSync(`/proc/${victim.pid}/root`)).toBe(true);
    expect(result.stdout.split('\n')).not.toContain(String(victim.pid));
  });

  test('has no capability over devices, mounts, modules, the network or other processes', async () => {
    const { stdout } = await sh('cat /proc/self/status');
    const kept = 0x00000000_800004fbn;
    for (const set of ['CapPrm', 'CapEff', 'CapBnd']) {
      expect(BigInt(`0x${stdout.match(new RegExp(`${set}:\\s*(\\w+)`))![1]}`) & ~kept).toBe(0n);
    }
    for (const set of ['CapInh', 'CapAmb']) expect(stdout).toMatch(new RegExp(`${set}:\\s*0{16}`));
  });
});

describe('an end', () => {
  const marker = `600.${process.pid}`;
  const sleepers = () =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `sleep\0${marker}\0`;
        } catch {
          return false;
        }
      });
  const runaway = `(setsid sleep ${marker} &) ; perl -e 'syscall(157, 1, 0); sleep 600'`;
  const until = async (holds: () => boolean) => {
    for (let tries = 0; tries < 500 && !holds(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 20));
  };

  test('of the command takes along what it left running', async () => {
    await sh(`setsid sleep ${marker} > /dev/null 2>&1 & exit 0`);
    expect(sleepers()).toEqual([]);
  });

  test('by timeout takes all along', async () => {
    const result = await sh(runaway, { timeoutMs: 300 });
    expect(result.timedOut).toBe(true);
    expect(sleepers()).toEqual([]);
  });

  test('by abort takes all along, and is an interruption', async () => {
    const controller = new AbortController();
    const running = sh(runaway, { signal: controller.signal });
    running.catch(() => {});
    await until(() => sleepers().length > 0);
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(sleepers()).toEqual([]);
  });

  test('of this process, by SIGKILL, takes all along and leaves no mount', async () => {
    const adapter = fileURLToPath(new URL('../../src/adapters/local/unshare-isolated-root.ts', import.meta.url));
    const program = `import { unshareIsolatedRoot } from ${JSON.stringify(adapter)};
      await unshareIsolatedRoot().run(${JSON.stringify(root)}, ['sh', '-c', ${JSON.stringify(runaway)}], { binds: ${JSON.stringify(binds)} });`;
    const builder = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], { stdio: 'ignore' });
    await until(() => sleepers().length > 0);
    expect(sleepers()).toHaveLength(1);
    builder.kill('SIGKILL');
    await until(() => sleepers().length === 0);
    expect(sleepers()).toEqual([]);
    expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(folder);
  });
});
