import { describe, expect, test } from 'vitest';
import { builtInRules } from '../../../src/validator/rules/index.ts';
import { makeElf } from '../../support/make-elf.ts';
import { type Difference, judge, SHIPPED } from './healthy-image.ts';

const PEM = `-----BEGIN PRIVATE KEY-----\n${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC'.repeat(2)}\n-----END PRIVATE KEY-----\n`;
const LIBC = '/usr/lib/x86_64-linux-gnu/libc.so.6';

interface Row {
  readonly rule: string;
  readonly summary: string;
  readonly difference?: Difference;
  readonly parameters?: Record<string, unknown>;
  /** `file: message` of each finding; or the outcome. */
  readonly want: readonly string[] | 'compliant' | 'not-applicable';
  /** What the first finding proposes. */
  readonly mend?: string;
}

const rows: Row[] = [
  {
    rule: 'setuid-files',
    summary: 'a set-user-id and a set-group-id program',
    difference: {
      files: {
        '/usr/bin/su': { content: 'x', mode: 0o4755 },
        '/usr/bin/wall': { content: 'x', mode: 0o2755, gid: 33 },
      },
    },
    want: ['/usr/bin/su: /usr/bin/su runs as user root', '/usr/bin/wall: /usr/bin/wall runs as group www-data'],
  },
  {
    rule: 'setuid-files',
    summary: 'allowed by pattern',
    difference: { files: { '/usr/bin/su': { content: 'x', mode: 0o4755 } } },
    parameters: { allow: ['/usr/bin/*'] },
    want: 'compliant',
  },
  {
    rule: 'setuid-files',
    summary: 'a set-group-id folder runs nothing',
    difference: { files: { '/var/mail': { mode: 0o2775 } } },
    want: 'compliant',
  },
  {
    rule: 'configuration-present',
    summary: 'a configuration file of the application and a file of the spec that are gone',
    difference: {
      files: { '/etc/app.conf': null },
      application: { files: [{ path: '/bin/extra', content: 'x' }] },
    },
    want: [
      '/usr/bin/extra: application.files lays /bin/extra into the image, and it is not there',
      '/etc/app.conf: /etc/app.conf, configuration of package app, is not in the image',
    ],
  },
  {
    rule: 'configuration-present',
    summary: 'a configuration file that the spec leaves out',
    difference: { files: { '/etc/app.conf': null }, spec: { minimize: { remove: ['/etc/*.conf'] } } },
    want: 'compliant',
  },
  {
    rule: 'configuration-present',
    summary: 'nothing to ask for',
    difference: { withoutContents: true },
    want: 'not-applicable',
  },
  {
    rule: 'configured-folders',
    summary: 'a log folder that is gone',
    difference: {
      files: { '/etc/app.conf': '# log /var/log/old/x\nlog /var/log/app/app.log; data "/var/lib/app/data"\n' },
    },
    want: ['/etc/app.conf: /etc/app.conf line 2 names /var/log/app/app.log, and there is no folder /var/log/app'],
  },
  {
    rule: 'configured-folders',
    summary: 'a folder that is made at each start',
    difference: {
      files: { '/etc/app.conf': 'log /var/log/app/app.log\n' },
      application: { run: { command: ['/usr/sbin/app'], directories: [{ path: '/var/log/app' }] } },
    },
    want: 'compliant',
  },
  {
    rule: 'configured-folders',
    summary: 'what lies ready counts once it is linked',
    difference: {
      application: {
        files: ['a', 'b'].map((it) => ({ path: `/etc/app/sites-available/${it}`, content: `log /var/log/${it}/x\n` })),
      },
      files: {
        '/etc/app/sites-available/a': 'log /var/log/a/x\n',
        '/etc/app/sites-available/b': 'log /var/log/b/x\n',
        '/etc/app/sites-enabled/b': { target: '../sites-available/b' },
      },
    },
    want: [
      '/etc/app/sites-available/b: /etc/app/sites-available/b line 1 names /var/log/b/x, and there is no folder /var/log/b',
    ],
  },
  {
    rule: 'configured-folders',
    summary: 'configuration of another package',
    difference: { files: { '/etc/other.conf': 'log /var/log/other/log\n', '/etc/app.conf': null } },
    want: 'not-applicable',
  },
  {
    rule: 'ports-free',
    summary: 'a socket and an SSH server on the application’s ports',
    difference: {
      spec: { boot: { init: 'systemd' } },
      application: { ports: [22, 8080, 9090] },
      files: {
        '/usr/lib/systemd/system/web.socket': '[Socket]\nListenStream=[::]:8080\nListenStream=[::]:8081\n',
        '/usr/lib/systemd/system/idle.socket': '[Socket]\nListenStream=9090\n',
        '/usr/lib/systemd/system/ssh.service': '[Service]\nExecStart=/usr/sbin/sshd\n',
        '/etc/systemd/system/sockets.target.wants/web.socket': { target: '/usr/lib/systemd/system/web.socket' },
        '/etc/systemd/system/multi-user.target.wants/ssh.service': { target: '/usr/lib/systemd/system/ssh.service' },
      },
    },
    want: [
      '/usr/lib/systemd/system/ssh.service: ssh.service takes port 22 of the application',
      '/usr/lib/systemd/system/web.socket: web.socket takes port 8080 of the application',
    ],
  },
  {
    rule: 'ports-free',
    summary: 'its own socket',
    difference: { spec: { boot: { init: 'systemd' } } },
    want: 'compliant',
  },
  {
    rule: 'file-capabilities',
    summary: 'a program that may open raw sockets, and one that may bind low ports',
    difference: { capabilities: { '/usr/sbin/app': 1 << 10, '/usr/bin/app-tool': (1 << 13) | (1 << 10) } },
    parameters: { capabilities: ['cap_net_bind_service'] },
    want: ['/usr/bin/app-tool: /usr/bin/app-tool gives whoever runs it cap_net_raw'],
  },
  {
    rule: 'world-writable',
    summary: 'a file, and a folder without the sticky bit',
    difference: { files: { '/etc/motd': { content: '', mode: 0o666 }, '/srv/drop': { mode: 0o777 } } },
    want: ['/etc/motd: everybody may write to /etc/motd', '/srv/drop: everybody may write to /srv/drop'],
  },
  {
    rule: 'world-writable',
    summary: 'a symbolic link has no rights of its own',
    difference: { files: { '/etc/alias': { target: 'motd' } } },
    want: 'compliant',
  },
  {
    rule: 'empty-passwords',
    summary: 'an empty password and an MD5 one',
    difference: { files: { '/etc/shadow': 'root::1::::::\napp:$1$abcdefgh$0123456789abcdefghijkl:1::::::\n' } },
    want: ['/etc/shadow: user root has an empty password', '/etc/shadow: user app has a password with a weak hash'],
  },
  {
    rule: 'empty-passwords',
    summary: 'a password in passwd itself',
    difference: { files: { '/etc/passwd': 'root::0:0:::/bin/sh\napp:x:100:100:::\n' } },
    want: ['/etc/shadow: user root has an empty password'],
  },
  {
    rule: 'empty-passwords',
    summary: 'a yescrypt hash',
    difference: { files: { '/etc/shadow': 'root:$y$j9T$abc$def:1::::::\n' } },
    want: 'compliant',
  },
  {
    rule: 'private-keys',
    summary: 'a key by content, whatever its name',
    difference: { files: { '/srv/notes.txt': `about\n${PEM}` } },
    want: ['/srv/notes.txt: /srv/notes.txt holds a private key'],
  },
  {
    rule: 'private-keys',
    summary: 'a name and a marker alone are no key',
    difference: { files: { '/srv/id_rsa': '', '/srv/doc': 'see -----BEGIN PRIVATE KEY----- in RFC 7468\n' } },
    want: 'compliant',
  },
  {
    rule: 'private-keys',
    summary: 'an allowed place',
    difference: { files: { '/srv/test/key.pem': PEM } },
    parameters: { allow: ['/srv/**'] },
    want: 'compliant',
  },
  {
    rule: 'private-keys',
    summary: 'a cloud access key and a file of passwords',
    difference: { files: { '/root/.pgpass': 'h:5432:*:u:p\n', '/srv/env': 'KEY=AKIAQQQQQQQQQQQQQQQQ\n' } },
    want: ['/root/.pgpass: /root/.pgpass holds a password file', '/srv/env: /srv/env holds a token'],
  },
  {
    rule: 'identity-absent',
    summary: 'a machine-id, a host key and a random seed',
    difference: {
      files: {
        '/etc/machine-id': `${'a'.repeat(32)}\n`,
        '/etc/ssh/ssh_host_ed25519_key.pub': 'ssh-ed25519 AAAA',
        '/var/lib/systemd/random-seed': 'xxxx',
      },
    },
    want: [
      '/etc/machine-id: /etc/machine-id is a machine id that every instance would share',
      '/etc/ssh/ssh_host_ed25519_key.pub: /etc/ssh/ssh_host_ed25519_key.pub is a host key that every instance would share',
      '/var/lib/systemd/random-seed: /var/lib/systemd/random-seed is a random seed that every instance would share',
    ],
  },
  {
    rule: 'identity-absent',
    summary: 'an empty machine-id, and one that says so',
    difference: { files: { '/etc/machine-id': 'uninitialized\n' } },
    want: 'compliant',
  },
  {
    rule: 'build-state',
    summary: 'a package manager’s cache',
    difference: { files: { '/var/cache/apt/pkgcache.bin': 'x' } },
    want: ['/var/cache/apt/pkgcache.bin: /var/cache/apt/pkgcache.bin is left of the build'],
  },
  {
    rule: 'package-set',
    summary: 'a package too many, one too few and one in another version',
    difference: {
      files: {
        '/var/lib/dpkg/status.d/extra': 'Package: extra\nVersion: 1\n',
        '/var/lib/dpkg/status.d/libapp1': null,
        '/var/lib/dpkg/status.d/libc6': 'Package: libc6\nVersion: 2.35-1\n',
      },
    },
    want: [
      '/var/lib/dpkg/status.d/libapp1: package libapp1 of the lock is not in the image',
      '/var/lib/dpkg/status.d/libc6: package libc6 is not in the lock’s version',
      '/var/lib/dpkg/status.d/extra: package extra is not in the lock',
    ],
  },
  {
    rule: 'lock-match',
    summary: 'a changed library',
    difference: { files: { [LIBC]: makeElf({ soname: 'libc.so.6' }) } },
    want: [`${LIBC}: ${LIBC} is not the file that package libc6 ships`],
  },
  {
    rule: 'lock-match',
    summary: 'a file that became a link',
    difference: { files: { '/usr/bin/app-tool': { target: '/tmp/evil' } } },
    want: ['/usr/bin/app-tool: /usr/bin/app-tool is not the file that package app ships'],
  },
  {
    rule: 'lock-match',
    summary: 'a file that the spec changes',
    difference: {
      files: { '/usr/bin/app-tool': '#!/bin/sh\n' },
      application: { files: [{ path: '/bin/app-tool', content: '#!/bin/sh\n' }] },
    },
    want: 'compliant',
  },
  {
    rule: 'lock-match',
    summary: 'a file that was pruned',
    difference: { files: { '/usr/bin/app-tool': null } },
    want: 'compliant',
  },
  {
    rule: 'lock-match',
    summary: 'more of a package than the lock takes',
    difference: {
      lock: (lock) => ({
        ...lock,
        packages: lock.packages.map((it) => (it.name === 'dash' ? { ...it, files: ['/usr/bin/dash'] } : it)),
      }),
    },
    want: ['/usr/bin/sh: /usr/bin/sh of package dash is in the image, and the lock does not take it'],
  },
  {
    rule: 'lock-match',
    summary: 'nothing to compare with',
    difference: { withoutContents: true },
    want: 'not-applicable',
  },
  {
    rule: 'conffiles-unchanged',
    summary: 'configuration that a maintainer script changed',
    difference: { files: { '/etc/app.conf': 'port 80\n' } },
    want: ['/etc/app.conf: /etc/app.conf is not as package app ships it, and the spec does not change it'],
  },
  {
    rule: 'conffiles-unchanged',
    summary: 'configuration that the spec changed',
    difference: {
      files: { '/etc/app.conf': 'port 80\n' },
      application: { files: [{ path: '/etc/app.conf', content: 'port 80\n' }] },
    },
    want: 'compliant',
  },
  {
    rule: 'unexplained-programs',
    summary: 'a program that nobody ships',
    difference: { files: { '/usr/bin/miner': { content: makeElf({}), mode: 0o755 } } },
    want: ['/usr/bin/miner: no locked package and no file of the spec explains /usr/bin/miner'],
  },
  {
    rule: 'unexplained-programs',
    summary: 'a copy of a package’s own program, which its script made',
    difference: { files: { '/usr/lib/app/backend/app': SHIPPED.app!['/usr/sbin/app']! } },
    want: 'compliant',
  },
  {
    rule: 'unexplained-programs',
    summary: 'Kiln’s runtime and the user’s own application',
    difference: {
      files: { '/usr/lib/kiln/run': '#!/usr/bin/sh\n', '/opt/app/main': '#!/bin/sh\n' },
      application: { from: { path: 'app' } },
    },
    want: 'compliant',
  },
  {
    rule: 'dependencies-met',
    summary: 'a dependency that is gone, and one that is too old',
    difference: {
      files: {
        '/var/lib/dpkg/status.d/libapp1': null,
        '/var/lib/dpkg/status.d/libc6': 'Package: libc6\nVersion: 2.31-1\n',
      },
    },
    want: ['/var/lib/dpkg/status.d/app: app needs libapp1 (>= 1.0), which the image does not have'],
    mend: 'package libapp1 has it',
  },
  {
    rule: 'dependencies-met',
    summary: 'an old version',
    difference: { files: { '/var/lib/dpkg/status.d/libc6': 'Package: libc6\nVersion: 2.31-1\n' } },
    want: ['/var/lib/dpkg/status.d/libapp1: libapp1 needs libc6 (>= 2.36), which the image does not have'],
  },
  {
    rule: 'dependencies-met',
    summary: 'a versioned Provides stands in, an unversioned one does not',
    difference: {
      files: {
        '/var/lib/dpkg/status.d/libapp1': null,
        '/var/lib/dpkg/status.d/libc6': 'Package: libc6\nVersion: 2.36-9\nProvides: libapp1 (= 1.1)\n',
      },
    },
    want: 'compliant',
  },
  {
    rule: 'dependencies-met',
    summary: 'a package in part is no package',
    difference: {
      lock: (lock) => ({
        ...lock,
        packages: lock.packages.map((it) => (it.name === 'libc6' ? { ...it, files: [LIBC] } : it)),
      }),
    },
    want: [
      '/var/lib/dpkg/status.d/app: app needs mail-agent | libc6, which the image does not have',
      '/var/lib/dpkg/status.d/libapp1: libapp1 needs libc6 (>= 2.36), which the image does not have',
    ],
  },
  {
    rule: 'dependencies-met',
    summary: 'no list of packages',
    difference: {
      files: Object.fromEntries(
        ['app', 'libapp1', 'libc6', 'dash'].map((it) => [`/var/lib/dpkg/status.d/${it}`, null]),
      ),
    },
    want: 'not-applicable',
  },
  {
    rule: 'elf-libraries',
    summary: 'a library that is gone',
    difference: { files: { '/usr/lib/x86_64-linux-gnu/libapp.so.1': null }, providers: { 'libapp.so.1': 'libapp1' } },
    want: ['/usr/sbin/app: /usr/sbin/app needs libapp.so.1, which is not where the loader looks'],
    mend: 'package libapp1 has it',
  },
  {
    rule: 'elf-libraries',
    summary: 'a program interpreter that is gone',
    difference: { files: { '/lib64/ld-linux-x86-64.so.2': null } },
    want: [
      '/usr/bin/sh: /usr/bin/sh is started by /lib64/ld-linux-x86-64.so.2, which is not in the image',
      '/usr/sbin/app: /usr/sbin/app is started by /lib64/ld-linux-x86-64.so.2, which is not in the image',
    ],
  },
  {
    rule: 'elf-libraries',
    summary: 'a library for another machine',
    difference: {
      files: { '/usr/lib/x86_64-linux-gnu/libapp.so.1': makeElf({ soname: 'libapp.so.1', machine: 183 }) },
    },
    want: ['/usr/sbin/app: /usr/sbin/app needs libapp.so.1, which is not where the loader looks'],
  },
  {
    rule: 'elf-libraries',
    summary: 'a library in a folder that RUNPATH names',
    difference: {
      files: {
        '/opt/x/bin/x': {
          content: makeElf({
            interpreter: '/lib64/ld-linux-x86-64.so.2',
            needed: ['libx.so'],
            runpath: '$ORIGIN/../lib',
          }),
          mode: 0o755,
        },
        '/opt/x/lib/libx.so': makeElf({ soname: 'libx.so' }),
      },
    },
    want: 'compliant',
  },
  {
    rule: 'elf-libraries',
    summary: 'a plugin’s neighbour that its program loads by path',
    difference: {
      files: {
        '/usr/lib/jvm/lib/libjava.so': makeElf({ soname: 'libjava.so', needed: ['libjvm.so'] }),
        '/usr/lib/jvm/lib/server/libjvm.so': makeElf({ soname: 'libjvm.so' }),
      },
    },
    want: 'compliant',
  },
  {
    rule: 'elf-libraries',
    summary: 'a plugin that is only offered, without a library that nobody brings',
    difference: {
      files: { '/usr/lib/app/plugins/spare.so': makeElf({ soname: 'spare.so', needed: ['libgone.so.1'] }) },
      reachability: {
        reachable: new Map([
          ['/usr/sbin/app', []],
          [
            '/usr/lib/app/plugins/spare.so',
            [{ rule: 'elf-plugins', by: '/usr/sbin/app', needs: 'spare.so', required: false }],
          ],
        ]),
        missing: [],
      },
    },
    want: 'compliant',
  },
  {
    rule: 'elf-libraries',
    summary: 'a plugin that configuration names',
    difference: {
      files: { '/usr/lib/app/plugins/spare.so': makeElf({ soname: 'spare.so', needed: ['libgone.so.1'] }) },
      reachability: {
        reachable: new Map([
          [
            '/usr/lib/app/plugins/spare.so',
            [
              { rule: 'elf-plugins', by: '/usr/sbin/app', needs: 'spare.so', required: false },
              { rule: 'configured-programs', by: '/etc/app.conf', needs: 'spare.so', required: false },
            ],
          ],
        ]),
        missing: [],
      },
    },
    want: [
      '/usr/lib/app/plugins/spare.so: /usr/lib/app/plugins/spare.so needs libgone.so.1, which is not where the loader looks',
    ],
  },
  {
    rule: 'elf-libraries',
    summary: 'a program that nothing starts',
    difference: {
      files: { '/usr/bin/idle': { content: makeElf({ needed: ['libgone.so.1'] }), mode: 0o755 } },
      reachability: { reachable: new Map([['/usr/sbin/app', []]]), missing: [] },
    },
    want: 'compliant',
  },
  {
    rule: 'elf-symbol-versions',
    summary: 'a C library that is too old',
    difference: {
      files: { [LIBC]: makeElf({ soname: 'libc.so.6', exports: ['open@GLIBC_2.31', 'close@GLIBC_2.2.5'] }) },
      providers: { 'libc.so.6': 'libc6' },
    },
    want: [
      `/usr/sbin/app: /usr/sbin/app needs GLIBC_2.34 of libc.so.6, which ${LIBC} does not define (open)`,
      `/usr/lib/x86_64-linux-gnu/libapp.so.1: /usr/lib/x86_64-linux-gnu/libapp.so.1 needs GLIBC_2.34 of libc.so.6, which ${LIBC} does not define (open)`,
    ],
    mend: 'a newer libc6 has libc.so.6',
  },
  {
    rule: 'elf-symbol-versions',
    summary: 'a symbol that its version lost',
    difference: {
      files: { '/usr/lib/x86_64-linux-gnu/libapp.so.1': makeElf({ soname: 'libapp.so.1', exports: ['stop@APP_1'] }) },
    },
    want: [
      '/usr/sbin/app: /usr/sbin/app needs a symbol that /usr/lib/x86_64-linux-gnu/libapp.so.1 does not define (run)',
    ],
  },
  {
    rule: 'script-interpreters',
    summary: 'an interpreter that is gone',
    difference: { files: { '/usr/bin/sh': null }, providers: { '/bin/sh': 'dash' } },
    want: ['/usr/bin/app-tool: /usr/bin/app-tool is run by /bin/sh, which is not in the image'],
    mend: 'package dash has it',
  },
  {
    rule: 'script-interpreters',
    summary: 'a command that env looks up',
    difference: {
      files: {
        '/usr/bin/env': { content: makeElf({}), mode: 0o755 },
        '/opt/x': { content: '#!/usr/bin/env -S python3 -u\n', mode: 0o755 },
      },
    },
    want: ['/opt/x: /opt/x is run by python3, which is not in the image'],
  },
  {
    rule: 'script-interpreters',
    summary: 'a script that nobody may execute',
    difference: { files: { '/usr/bin/sh': null, '/usr/bin/app-tool': '#!/bin/sh\n' } },
    want: 'not-applicable',
  },
  {
    rule: 'unit-commands',
    summary: 'a command that is gone',
    difference: { files: { '/usr/sbin/app': null } },
    want: [
      '/usr/lib/systemd/system/app.service: app.service line 2: ExecStart runs /usr/sbin/app, which is not in the image',
    ],
  },
  {
    rule: 'unit-commands',
    summary: 'a unit that is gone',
    difference: {
      files: { '/usr/lib/systemd/system/app.service': null },
      providers: { '/usr/lib/systemd/system/app.service': 'app' },
    },
    want: ['undefined: the spec runs app.service, which is not in the image'],
    mend: 'package app has it',
  },
  {
    rule: 'unit-commands',
    summary: 'what only reloads or stops it',
    difference: {
      files: {
        '/usr/lib/systemd/system/app.service':
          '[Service]\nExecStart=/usr/sbin/app\nExecReload=/bin/kill -HUP $MAINPID\n',
      },
    },
    want: 'compliant',
  },
  {
    rule: 'unit-commands',
    summary: 'a unit that is masked',
    difference: { files: { '/etc/systemd/system/app.service': { target: '/dev/null' } } },
    want: ['undefined: the spec runs app.service, which is not in the image'],
  },
  {
    rule: 'unit-commands',
    summary: 'another unit matters only where systemd starts it',
    difference: {
      files: {
        '/usr/lib/systemd/system/other.service': '[Service]\nExecStart=/usr/bin/gone\n',
        '/etc/systemd/system/multi-user.target.wants/other.service': {
          target: '/usr/lib/systemd/system/other.service',
        },
      },
    },
    want: 'compliant',
  },
  {
    rule: 'unit-commands',
    summary: 'what is part of a unit that starts nothing itself',
    difference: {
      files: {
        '/usr/bin/true': { content: 'elf', mode: 0o755 },
        '/usr/lib/systemd/system/app.service': '[Service]\nType=oneshot\nExecStart=/bin/true\n',
        '/usr/lib/systemd/system/app@.service': '[Unit]\nPartOf=app.service\n[Service]\nExecStart=/usr/bin/gone %i\n',
      },
    },
    want: [
      '/usr/lib/systemd/system/app@.service: app@.service line 4: ExecStart runs /usr/bin/gone, which is not in the image',
    ],
  },
  {
    rule: 'unit-commands',
    summary: 'systemd starts another unit',
    difference: {
      spec: { boot: { init: 'systemd' } },
      files: {
        '/usr/lib/systemd/system/other.service': '[Service]\nExecStart=/usr/bin/gone\n',
        '/etc/systemd/system/multi-user.target.wants/other.service': {
          target: '/usr/lib/systemd/system/other.service',
        },
      },
    },
    want: [
      '/usr/lib/systemd/system/other.service: other.service line 2: ExecStart runs /usr/bin/gone, which is not in the image',
    ],
  },
  {
    rule: 'unit-commands',
    summary: 'the application is a command',
    difference: { application: { run: { command: ['/usr/sbin/app'] } } },
    want: 'not-applicable',
  },
  {
    rule: 'unit-commands',
    summary: 'a drop-in takes the command back and gives another',
    difference: {
      files: { '/etc/systemd/system/app.service.d/own.conf': '[Service]\nExecStart=\nExecStart=/usr/bin/other\n' },
    },
    want: [
      '/usr/lib/systemd/system/app.service: app.service line 3: ExecStart runs /usr/bin/other, which is not in the image',
    ],
  },
  {
    rule: 'unit-dependencies',
    summary: 'a required unit that is gone',
    difference: {
      spec: { boot: { init: 'systemd' } },
      files: {
        '/usr/lib/systemd/system/app.service':
          '[Unit]\nRequires=db.service -.mount\n[Service]\nExecStart=/usr/sbin/app\n',
      },
    },
    want: ['/usr/lib/systemd/system/app.service: app.service requires db.service, which is not in the image'],
  },
  {
    rule: 'unit-dependencies',
    summary: 'all required units are there',
    difference: { spec: { boot: { init: 'systemd' } } },
    want: 'compliant',
  },
  { rule: 'unit-dependencies', summary: 'another init requires nothing', want: 'not-applicable' },
  {
    rule: 'service-starts',
    summary: 'a program that its user may not execute',
    difference: { files: { '/usr/sbin/app': { content: makeElf({}), mode: 0o750 } } },
    want: ['/usr/sbin/app: user app may not execute /usr/sbin/app'],
  },
  {
    rule: 'service-starts',
    summary: 'a folder on the way that its user may not enter',
    difference: { files: { '/usr/sbin': { mode: 0o700 } } },
    want: ['/usr/sbin: user app may not enter /usr/sbin, on the way to /usr/sbin/app'],
  },
  {
    rule: 'service-starts',
    summary: 'a program that is gone',
    difference: { application: { run: { command: ['/usr/bin/gone'] } }, providers: { '/usr/bin/gone': 'gone' } },
    want: ['/usr/bin/gone: the application’s program /usr/bin/gone is not in the image'],
    mend: 'package gone has it',
  },
  {
    rule: 'users-and-groups',
    summary: 'files of a user and a group that do not exist',
    difference: { files: { '/srv/a': { content: '', uid: 501, gid: 502 }, '/srv/b': { content: '', uid: 501 } } },
    want: [
      '/srv/a: 2 files belong to user 501, which does not exist: /srv/a, /srv/b',
      '/srv/a: a file belongs to group 502, which does not exist: /srv/a',
    ],
  },
  {
    rule: 'users-and-groups',
    summary: 'a unit’s user that does not exist',
    difference: {
      files: { '/usr/lib/systemd/system/app.service': '[Service]\nUser=ghost\nSupplementaryGroups=ghosts app\n' },
    },
    want: [
      '/usr/lib/systemd/system/app.service: /usr/lib/systemd/system/app.service names user ghost, which does not exist',
      '/usr/lib/systemd/system/app.service: /usr/lib/systemd/system/app.service names group ghosts, which does not exist',
    ],
  },
  {
    rule: 'users-and-groups',
    summary: 'a user of the spec that does not exist',
    difference: { application: { run: { command: ['/usr/sbin/app'], user: 'nobody-here' } } },
    want: ['undefined: application.run.user names user nobody-here, which does not exist'],
  },
  {
    rule: 'writable-folders',
    summary: 'a working folder that is gone',
    difference: {
      files: {
        '/usr/lib/systemd/system/app.service': '[Service]\nExecStart=/usr/sbin/app\nWorkingDirectory=/srv/work\n',
      },
    },
    want: ['/srv/work: /srv/work (working directory) is not in the image'],
  },
  {
    rule: 'writable-folders',
    summary: 'a folder that the service may not write to',
    difference: { files: { '/srv/data': { mode: 0o755 } } },
    parameters: { folders: ['/srv/data'] },
    want: ['/srv/data: user app may not write to /srv/data (the policy)'],
  },
  {
    rule: 'writable-folders',
    summary: 'folders of a unit that the service may not write to, unless they may be absent',
    difference: {
      files: {
        '/srv/data': { mode: 0o755 },
        '/etc/systemd/system/app.service.d/more.conf':
          '[Service]\nReadWritePaths=-/srv/data -/srv/other\nReadWritePaths=/srv/gone\n',
      },
    },
    want: [
      '/srv/data: user app may not write to /srv/data (ReadWritePaths)',
      '/srv/gone: /srv/gone (ReadWritePaths) is not in the image',
    ],
  },
  {
    rule: 'writable-folders',
    summary: 'a folder that the image itself gives to the service at each boot',
    difference: {
      files: {
        '/srv/data': { mode: 0o755 },
        '/usr/lib/kiln/directories.list': 'directory\t0755\t100\t100\t/srv/data\t\n',
      },
    },
    parameters: { folders: ['/srv/data'] },
    want: 'compliant',
  },
  {
    rule: 'low-ports',
    summary: 'a port below 1024 for a user without the right',
    difference: { application: { ports: [80] } },
    want: ['/usr/sbin/app: user app may not listen on port 80'],
  },
  {
    rule: 'low-ports',
    summary: 'a unit that gives the right',
    difference: {
      application: { ports: [80] },
      files: {
        '/usr/lib/systemd/system/app.service':
          '[Service]\nUser=app\nExecStart=/usr/sbin/app\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n',
      },
    },
    want: 'compliant',
  },
  {
    rule: 'low-ports',
    summary: 'a command of the spec, which the init gives the right',
    difference: { application: { run: { command: ['/usr/sbin/app'], user: 'app' }, ports: [80] } },
    want: 'compliant',
  },
  {
    rule: 'low-ports',
    summary: 'a unit whose command starts as root and gives the rights up itself',
    difference: {
      application: { ports: [80] },
      files: { '/usr/lib/systemd/system/app.service': '[Service]\nUser=app\nExecStart=!/usr/sbin/app\n' },
    },
    want: 'compliant',
  },
  {
    rule: 'low-ports',
    summary: 'a kernel setting that gives the right',
    difference: {
      application: { ports: [80] },
      files: { '/etc/sysctl.d/ports.conf': 'net.ipv4.ip_unprivileged_port_start = 80\n' },
    },
    want: 'not-applicable',
  },
  {
    rule: 'low-ports',
    summary: 'a program that has the right itself',
    difference: { application: { ports: [80] }, capabilities: { '/usr/sbin/app': 1 << 10 } },
    want: 'compliant',
  },
  { rule: 'low-ports', summary: 'no such port', want: 'not-applicable' },
  {
    rule: 'pam-modules',
    summary: 'a module and an include that are gone',
    difference: {
      files: {
        '/etc/pam.d/login':
          '@include common-auth\nauth [success=1 default=ignore] pam_gone.so nullok\n-session optional pam_systemd.so\n',
      },
    },
    want: [
      '/etc/pam.d/login: /etc/pam.d/login line 1 names common-auth, which is not in the image',
      '/etc/pam.d/login: /etc/pam.d/login line 2 names pam_gone.so, which is not in the image',
    ],
  },
  {
    rule: 'pam-modules',
    summary: 'a module that is there',
    difference: {
      files: {
        '/etc/pam.d/login': 'auth required pam_unix.so\n',
        '/usr/lib/x86_64-linux-gnu/security/pam_unix.so': makeElf({}),
      },
    },
    want: 'compliant',
  },
  { rule: 'pam-modules', summary: 'no service', want: 'not-applicable' },
  {
    rule: 'nss-modules',
    summary: 'a name service whose module is gone',
    difference: {
      files: {
        '/etc/nsswitch.conf':
          'passwd: files systemd\nhosts: files mdns4_minimal [NOTFOUND=return] dns # all\nnetgroup: nis\n',
      },
    },
    want: [
      '/etc/nsswitch.conf: /etc/nsswitch.conf line 1: passwd asks systemd, and libnss_systemd.so.2 is not in the image',
      '/etc/nsswitch.conf: /etc/nsswitch.conf line 2: hosts asks mdns4_minimal, and libnss_mdns4_minimal.so.2 is not in the image',
    ],
  },
  {
    rule: 'nss-modules',
    summary: 'no configuration',
    difference: { files: { '/etc/nsswitch.conf': null } },
    want: 'not-applicable',
  },
  {
    rule: 'needs-met',
    summary: 'a command that a script needs',
    difference: {
      reachability: {
        reachable: new Map([['/usr/sbin/app', []]]),
        missing: [
          { rule: 'shell-commands', by: '/usr/bin/app-tool', needs: 'sed', line: 2, required: true },
          { rule: 'shell-commands', by: '/usr/bin/app-tool', needs: 'awk', required: false },
        ],
      },
      providers: { sed: 'sed' },
    },
    want: ['/usr/bin/app-tool: /usr/bin/app-tool line 2 needs sed (shell-commands), which is not in the image'],
    mend: 'package sed has it',
  },
  {
    rule: 'needs-met',
    summary: 'what the lock says that nobody has',
    difference: {
      reachability: {
        reachable: new Map([['/usr/sbin/app', []]]),
        missing: [{ rule: 'shell-commands', by: '/usr/bin/app-tool', needs: 'cls', line: 2, required: true }],
      },
      lock: (lock) => ({ ...lock, unproven: ['cls (shell-commands, /usr/bin/app-tool:2)'] }),
    },
    want: 'compliant',
  },
  {
    rule: 'needs-met',
    summary: 'what nobody has, where a policy asks for that too',
    difference: {
      reachability: {
        reachable: new Map([['/usr/sbin/app', []]]),
        missing: [{ rule: 'shell-commands', by: '/usr/bin/app-tool', needs: 'cls', line: 2, required: true }],
      },
      lock: (lock) => ({ ...lock, unproven: ['cls (shell-commands, /usr/bin/app-tool:2)'] }),
    },
    parameters: { unproven: true },
    want: ['/usr/bin/app-tool: /usr/bin/app-tool line 2 needs cls (shell-commands), which is not in the image'],
  },
  {
    rule: 'needs-met',
    summary: 'all is there',
    difference: { reachability: { reachable: new Map([['/usr/sbin/app', []]]), missing: [] } },
    want: 'compliant',
  },
  { rule: 'needs-met', summary: 'nobody asked', want: 'not-applicable' },
  {
    rule: 'no-known-vulnerability',
    summary: 'one above the limit; what nobody graded counts as medium',
    difference: {
      vulnerabilities: [{}, { id: 'CVE-2026-2', severity: 'low' }, { id: 'CVE-2026-3', severity: 'unknown' }],
    },
    want: ['undefined: libapp1 has CVE-2026-1 (high)'],
    mend: 'no version mends it yet: leave the package out, or waive it with owner, reason and expiry',
  },
  {
    rule: 'no-known-vulnerability',
    summary: 'a limit of none, and a graver word for what nobody graded',
    difference: {
      vulnerabilities: [{ severity: 'info' }, { id: 'CVE-2026-3', severity: 'unknown', fixedIn: '1.3-1' }],
    },
    parameters: { limit: 'none', ungraded: 'critical' },
    want: ['undefined: libapp1 has CVE-2026-1 (info)', 'undefined: libapp1 has CVE-2026-3 (not graded)'],
  },
  {
    rule: 'no-known-vulnerability',
    summary: 'only those that a newer version mends',
    difference: { vulnerabilities: [{}, { id: 'CVE-2026-2', fixedIn: '1.3-1' }] },
    parameters: { onlyFixed: true },
    want: ['undefined: libapp1 has CVE-2026-2 (high)'],
    mend: 'build again with sources that have libapp 1.3-1',
  },
  { rule: 'no-known-vulnerability', summary: 'none is known', difference: { vulnerabilities: [] }, want: 'compliant' },
];

describe('each rule accuses what breaks it and nothing else', () => {
  test.each(rows)('$rule: $summary', ({ rule, difference, parameters, want, mend }) => {
    const verdict = judge(rule, difference, parameters);
    if (typeof want === 'string') expect(verdict).toMatchObject({ outcome: want, findings: [] });
    else expect(verdict.findings.map((it) => `${it.file}: ${it.message}`)).toEqual(want);
    if (mend) expect(verdict.findings[0]!.mend).toBe(mend);
  });

  const silent = new Set([
    'ports-free',
    'unit-dependencies',
    'low-ports',
    'pam-modules',
    'needs-met',
    'no-known-vulnerability',
  ]);
  test.each(builtInRules.map((rule) => rule.id))('%s: the healthy image is compliant', (rule) => {
    expect(judge(rule)).toMatchObject({ outcome: silent.has(rule) ? 'not-applicable' : 'compliant', findings: [] });
  });

  test.each(builtInRules.map((rule) => rule.id))('%s: is broken by a row of this table', (rule) => {
    expect(rows.some((row) => row.rule === rule && typeof row.want !== 'string')).toBe(true);
  });
});
