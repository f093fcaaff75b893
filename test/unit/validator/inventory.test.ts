import { describe, expect, test } from 'vitest';
import { inventory as schema } from '../../../src/model/inventory.ts';
import { readInventory } from '../../../src/validator/inventory.ts';
import { type Difference, imageWith } from './healthy-image.ts';

const read = (difference: Difference = {}) => readInventory(imageWith(difference));

test('an inventory is of its schema, and holds no values of secrets', () => {
  const key = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC';
  const found = read({
    files: {
      '/srv/key': `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
      '/etc/shadow': 'root:$y$j9T$salt$hash:1:\n',
    },
  });
  expect(schema.parse(found)).toEqual(found);
  expect(found.secrets).toEqual([
    { path: '/srv/key', package: '', kind: 'private-key', format: 'PKCS#8', encrypted: false, line: 1 },
  ]);
  expect(JSON.stringify(found)).not.toMatch(new RegExp(`${key}|salt`));
});

test('what is in the healthy image', () => {
  const { packages, elf, scripts, units, users, service, files } = read();
  expect(packages.map((it) => `${it.name} ${it.version} ${it.layer} ${it.whole}`)).toEqual([
    'app 1.0-1 closure true',
    'dash 0.5.12-2 evidence false',
    'libapp1 1.2-1 closure true',
    'libc6 2.36-9 closure true',
  ]);
  expect(elf.find((it) => it.path === '/usr/sbin/app')).toMatchObject({
    kind: 'executable',
    package: 'app',
    needed: ['libapp.so.1', 'libc.so.6'],
    pie: true,
  });
  expect(scripts).toEqual([
    { path: '/usr/bin/app-tool', package: 'app', interpreter: '/bin/sh', command: '', reachable: true },
  ]);
  expect(units.map((it) => `${it.name} ${it.enabled} ${it.user}`)).toEqual(['app.service true app']);
  expect(users.map((it) => `${it.name} ${it.password} ${it.login}`)).toEqual(['root none true', 'app none false']);
  expect(service).toMatchObject({
    unit: 'app.service',
    command: ['/usr/sbin/app', '--serve'],
    user: 'app',
    directories: ['/var/lib/app'],
  });
  expect(files.find((it) => it.path === '/tmp')).toMatchObject({
    mode: '1777',
    sticky: true,
    worldWritable: true,
    owner: 'root',
  });
});

describe('settings', () => {
  test('of the SSH server: the first value counts, includes come in their place, Match is another matter', () => {
    const { ssh } = read({
      files: {
        '/usr/sbin/sshd': 'x',
        '/etc/ssh/sshd_config':
          'Port 2222\nInclude /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin yes\nMatch User a\nPort 1\nX11Forwarding yes\n',
        '/etc/ssh/sshd_config.d/a.conf': 'PermitRootLogin no\n',
        '/etc/ssh/sshd_config.d/b.conf': 'Include sshd_config.d/*.conf\n',
      },
    });
    expect(ssh.options).toMatchObject({ port: '2222', permitrootlogin: 'no', x11forwarding: 'no', maxauthtries: '6' });
  });

  test('of the kernel: /etc hides a file of the same name, and the later line counts', () => {
    const { sysctl } = read({
      files: {
        '/usr/lib/sysctl.d/10-x.conf': 'kernel.a = 1\n',
        '/etc/sysctl.d/10-x.conf': '# kernel.b = 1\nkernel/c = 1\n',
        '/etc/sysctl.conf': '-kernel.c=2\n',
      },
    });
    expect(sysctl).toEqual({ 'kernel.c': '2' });
  });
});
