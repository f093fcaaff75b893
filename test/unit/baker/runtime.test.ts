import { describe, expect, test } from 'vitest';
import { readAccounts } from '../../../src/baker/runtime/accounts.ts';
import { identityScript } from '../../../src/baker/runtime/identity-script.ts';
import { runtimeFiles } from '../../../src/baker/runtime/runtime-files.ts';
import { formatBootEntries, readTmpfiles } from '../../../src/baker/runtime/tmpfiles.ts';
import type { Identity } from '../../../src/baker/types.ts';
import { memoryTree } from '../../../src/formats/tree/memory-tree.ts';
import { imageSpec } from '../../../src/model/spec.ts';

const base = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nweb:x:33:34:web:/var/www:/usr/sbin/nologin\n',
  '/etc/group': 'root:x:0:\nwww:x:34:\n',
  '/usr/sbin/appd': { content: 'elf', mode: 0o755 },
  '/usr/lib/systemd/system/app.service': '[Service]\nUser=web\nRuntimeDirectory=app\nExecStart=/usr/sbin/appd\n',
};
const specOf = (init: string, run: object = { unit: 'app.service' }) =>
  imageSpec.parse({ name: 'app', application: { packages: ['app'], run }, boot: { init } });
const filesOf = (init: string, run?: object) => {
  const { files } = runtimeFiles({ spec: specOf(init, run), tree: memoryTree(base), identities: [] });
  return new Map(files.map((file) => [file.path, file.target ?? file.content?.toString('utf8') ?? '']));
};

test('busybox as init: inittab, supervisor, service and network are in, and every script names its interpreter', () => {
  const files = filesOf('busybox');
  expect(files.get('/usr/lib/kiln/init')).toBe('busybox');
  expect(files.get('/usr/lib/kiln/busybox')).toBe('/usr/bin/busybox');
  expect(files.get('/etc/inittab')).toContain('respawn:/usr/lib/kiln/run');
  expect(files.get('/etc/inittab')).toContain('syslogd -n -l 6');
  expect(files.get('/usr/lib/kiln/directories.list')).toBe('directory\t0755\t33\t34\t/run/app\t\n');
  for (const name of ['start', 'run', 'stop', 'network', 'network-event', 'first-boot', 'directories', 'announce']) {
    expect(files.get(`/usr/lib/kiln/${name}`)).toMatch(/^#!\/usr\/lib\/kiln\/busybox sh\n/);
  }
  expect([...files.keys()].filter((path) => path.includes('systemd'))).toEqual([]);
});

test('busybox as init: further groups of the unit are the user’s', () => {
  const unit = '[Service]\nUser=web\nSupplementaryGroups=adm keys\nExecStart=/usr/sbin/appd\n';
  const group = 'root:x:0:\nwww:x:34:\nadm:x:4:\nkeys:x:5:a\n';
  const tree = memoryTree({ ...base, '/etc/group': group, '/usr/lib/systemd/system/app.service': unit });
  const { files, notHonoured } = runtimeFiles({ spec: specOf('busybox'), tree, identities: [] });
  const made = files.find(({ path }) => path === '/etc/group')?.content?.toString('utf8');
  expect(made).toBe('root:x:0:\nwww:x:34:\nadm:x:4:web\nkeys:x:5:a,web\n');
  expect(notHonoured).toEqual([]);
});

test('busybox as init: what else the packages have enabled is told, and nothing of it under systemd', () => {
  const install = '[Install]\nWantedBy=multi-user.target\n';
  const unit = (name: string, text: string) => ({ [`/usr/lib/systemd/system/${name}.service`]: text });
  const tree = memoryTree({
    ...base,
    ...unit('pool', `[Service]\nExecStart=/usr/sbin/appd --pool\n${install}`),
    ...unit('once', `[Service]\nType=oneshot\nExecStart=/usr/sbin/appd\n${install}`),
    ...unit('gone', `[Service]\nExecStart=/usr/sbin/gone\n${install}`),
    ...unit('helper', '[Service]\nExecStart=/usr/sbin/appd\n'),
  });
  const told = (init: string) => runtimeFiles({ spec: specOf(init), tree, identities: [] }).notHonoured;
  expect(told('busybox')).toEqual(['pool.service: only the service of the spec is started']);
  expect(told('systemd')).toEqual([]);
});

test('systemd as init: the unit is enabled, after the network and the first boot', () => {
  const files = filesOf('systemd');
  expect(files.get('/etc/systemd/system/multi-user.target.wants/app.service')).toBe(
    '/usr/lib/systemd/system/app.service',
  );
  const dropIn = files.get('/etc/systemd/system/app.service.d/kiln.conf');
  expect(dropIn).toContain('Requires=kiln-first-boot.service');
  expect(dropIn).toContain('StandardError=journal+console\n');
  expect(files.get('/etc/systemd/system/kiln-announce.service')).toContain('announce app app.service\n');
  expect(files.get('/etc/machine-id')).toBe('');
  expect(files.has('/etc/inittab')).toBe(false);
});

test('systemd as init: an init script becomes a unit of its own', () => {
  const tree = memoryTree({ ...base, '/etc/init.d/old': { content: '#!/bin/sh\n', mode: 0o755 } });
  const { files } = runtimeFiles({ spec: specOf('systemd', { unit: 'old.service' }), tree, identities: [] });
  const unit = files.find((file) => file.path === '/etc/systemd/system/old.service')?.content?.toString('utf8');
  expect(unit).toContain('[Service]\nType=forking\n');
  expect(unit).toContain('ExecStart=/etc/init.d/old start\n');
  const enabled = files.find((file) => file.path.endsWith('multi-user.target.wants/old.service'));
  expect(enabled?.target).toBe('/etc/systemd/system/old.service');
});

describe('a unit that only stands for others', () => {
  const folder = '/usr/lib/systemd/system';
  const tree = memoryTree({
    ...base,
    [`${folder}/app.service`]: '[Service]\nType=oneshot\nExecStart=/bin/true\n',
    [`${folder}/app@.service`]: '[Unit]\nPartOf=app.service\n[Service]\nExecStart=/usr/sbin/appd %i\n',
  });
  const runtimeOf = (init: string, instances: string[]) =>
    runtimeFiles({ spec: specOf(init), tree, identities: [], instances });

  test('runs its instance, under its own name', () => {
    const { service } = runtimeOf('busybox', ['app@main.service']);
    expect(service).toMatchObject({ name: 'app', main: [{ argv: ['/usr/sbin/appd', 'main'] }] });
  });

  test('is enabled with its instance, which is watched', () => {
    const files = new Map(
      runtimeOf('systemd', ['app@a.service', 'app@b.service']).files.map((file) => [
        file.path,
        file.target ?? file.content?.toString('utf8'),
      ]),
    );
    expect(files.get('/etc/systemd/system/multi-user.target.wants/app.service')).toBe(`${folder}/app.service`);
    expect(files.get('/etc/systemd/system/multi-user.target.wants/app@a.service')).toBe(`${folder}/app@.service`);
    expect(files.get('/etc/systemd/system/kiln-announce.service')).toContain('announce app app@a.service\n');
  });

  test.each([
    { summary: 'none is an instance', instances: [], want: 'nothing is an instance of it' },
    { summary: 'there are several', instances: ['app@a.service', 'app@b.service'], want: 'stands for several' },
  ])('is refused where $summary and the init starts one service', ({ instances, want }) => {
    expect(() => runtimeOf('busybox', instances)).toThrow(want);
  });
});

test('systemd as init: a command becomes a unit, its words quoted', () => {
  const files = filesOf('systemd', {
    command: ['/usr/sbin/appd', '100%', 'a b', '$x'],
    user: 'web',
    environment: { A: 'x "y"' },
  });
  const unit = files.get('/etc/systemd/system/kiln-application.service');
  expect(unit).toContain('ExecStart=/usr/sbin/appd 100%% "a b" $$x\n');
  expect(unit).toContain('Environment="A=x \\"y\\""\n');
  expect(unit).toContain('User=web\nGroup=www\n');
});

test.each([
  { line: 'd /run/app 2750 web www -', want: 'directory\t2750\t33\t34\t/run/app\t' },
  { line: 'D! /var/run/app/x - - - 10d', want: 'directory\t0755\t0\t0\t/run/app/x\t' },
  { line: 'L+ /etc/x - - - - ../y z', want: 'link\t0755\t0\t0\t/etc/x\t../y z' },
  { line: 'f "/run/a b" 0600 web - - hello', want: 'file\t0600\t33\t0\t/run/a b\thello' },
  { line: 'C /etc/x - - - - /usr/share/x', want: 'copy\t0000\t0\t0\t/etc/x\t/usr/share/x' },
  { line: 'C! /etc/y 0600 web', want: 'copy\t0600\t33\t0\t/etc/y\t/usr/share/factory/etc/y' },
  { line: 'z /var/log/app 0640 root www', want: 'adjust\t0640\t0\t34\t/var/log/app\t' },
  { line: 'r! /tmp/.lock', want: 'remove\t0755\t0\t0\t/tmp/.lock\t' },
])('tmpfiles.d: $line', ({ line, want }) => {
  const tree = memoryTree({ ...base, '/usr/lib/tmpfiles.d/app.conf': `# comment\n${line}\n` });
  const { entries, notHonoured } = readTmpfiles(tree, readAccounts(tree));
  expect(formatBootEntries(entries)).toBe(`${want}\n`);
  expect(notHonoured).toEqual([]);
});

test.each([
  { summary: 'an account that is not there', line: 'd /run/app 0755 ghost ghost', want: 'ghost' },
  { summary: 'a pattern', line: 'R! /tmp/app-*', want: '/tmp/app-*' },
  { summary: 'cleaning by age', line: 'x /tmp/app', want: 'x /tmp/app' },
])('tmpfiles.d is told of: $summary', ({ line, want }) => {
  const tree = memoryTree({ ...base, '/usr/lib/tmpfiles.d/app.conf': `${line}\n` });
  const { entries, notHonoured } = readTmpfiles(tree, readAccounts(tree));
  expect(entries).toEqual([]);
  expect(notHonoured).toEqual([expect.stringContaining(want)]);
});

test('a file in /etc/tmpfiles.d hides the one of its name in /usr/lib', () => {
  const files = { '/usr/lib/tmpfiles.d/app.conf': 'd /run/one\n', '/etc/tmpfiles.d/app.conf': 'd /run/two\n' };
  const tree = memoryTree({ ...base, ...files });
  expect(readTmpfiles(tree, readAccounts(tree)).entries.map((entry) => entry.path)).toEqual(['/run/two']);
});

const place = (path: string, mode = 0o600) => ({ path, mode, uid: 0, gid: 42, owner: 'root', group: 'ssl' });
const identities: Identity[] = [
  { kind: 'machine-id', files: [place('/etc/machine-id', 0o444)] },
  { kind: 'ssh-host-keys', keys: [{ ...place('/etc/ssh/key'), algorithm: 'rsa', bits: 4096 }] },
  {
    kind: 'tls-key-pair',
    key: { ...place('/etc/ssl/k.key', 0o640), algorithm: 'ec', curve: 'secp384r1' },
    certificate: {
      ...place('/etc/ssl/k.pem'),
      subject: '/CN=a b',
      alternativeNames: ['DNS:a', 'IP:127.0.0.1'],
      days: 9,
    },
    issuer: { key: '/etc/ssl/ca.key', certificate: '/etc/ssl/ca.pem' },
    hashLinks: ['/etc/ssl/certs/0f.0'],
  },
  { kind: 'random-seed', file: place('/var/lib/seed'), bytes: 512 },
  { kind: 'command', files: [place('/etc/token')], command: ['/usr/sbin/appd', '--make it'] },
];

test('each identity is one call, in order', () => {
  const programs = { '/usr/bin/ssh-keygen': 'elf', '/usr/bin/openssl': 'elf' };
  expect(identityScript(identities, memoryTree({ ...base, ...programs })).split('\n')).toEqual([
    'machine_id /etc/machine-id 0444 0 42',
    'ssh_host_key rsa 4096 /etc/ssh/key 0600 0 42',
    'signed_by /etc/ssl/ca.key /etc/ssl/ca.pem',
    "tls_key_pair 'ec -pkeyopt ec_paramgen_curve:secp384r1' '/CN=a b' DNS:a,IP:127.0.0.1 9 /etc/ssl/k.key 0640 0 42 /etc/ssl/k.pem 0600 0 42",
    'hash_link /etc/ssl/k.pem',
    'random_seed 512 /var/lib/seed 0600 0 42',
    "{ [ -e /etc/token ]; } || /usr/sbin/appd '--make it' || give_up '/usr/sbin/appd failed'",
    'made_by_command /etc/token 0600 0 42',
    '',
  ]);
});

test.each([
  { summary: 'ssh-keygen', identity: identities[1]! },
  { summary: 'openssl', identity: identities[2]! },
])('an image without $summary is refused where it would have to make a key', ({ summary, identity }) => {
  expect(() => identityScript([identity], memoryTree(base))).toThrow(summary);
});
