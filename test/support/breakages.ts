import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { Change } from './baked-application.ts';
import { makeElf } from './make-elf.ts';

/** A way to break an image, and how the static proof must tell of it: rule, and a text that names what is missing. */
export interface Breakage {
  readonly summary: string;
  /** Name of the healthy application. */
  readonly application: string;
  readonly changes: Readonly<Record<string, Change>>;
  readonly rule: string;
  readonly says: RegExp;
  /** What would mend it. */
  readonly mend?: string;
  /** It is told and stops nothing: it does without. */
  readonly warns?: boolean;
}

const LIBRARIES = '/usr/lib/x86_64-linux-gnu';

/** The same file with other rights; the healthy tree's, which it is linked with, keeps its own. */
const withMode =
  (mode: number): Change =>
  (path) => {
    copyFileSync(path, `${path}.new`);
    renameSync(`${path}.new`, path);
    chmodSync(path, mode);
  };

const edited =
  (change: (text: string) => string): Change =>
  (path) => {
    const text = readFileSync(path, 'utf8');
    const { mode } = statSync(path);
    rmSync(path);
    writeFileSync(path, change(text), { mode });
  };

const bytes =
  (content: Uint8Array): Change =>
  (path) => {
    rmSync(path);
    writeFileSync(path, content, { mode: 0o755 });
  };

const linkTo =
  (target: string): Change =>
  (path) => {
    mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true });
    symlinkSync(target, path);
  };

const without = (line: RegExp): Change => edited((text) => text.replace(line, ''));

/** Every way to break an image that the static proof is to find before anything is booted. */
export const breakages: readonly Breakage[] = [
  {
    summary: 'a library is gone',
    application: 'haproxy',
    changes: { [`${LIBRARIES}/libpcre2-8.so.0`]: null },
    rule: 'elf-libraries',
    says: /haproxy needs libpcre2-8\.so\.0/,
    mend: 'package libpcre2-8-0 has it',
  },
  {
    summary: 'a library has the symbols of an older version',
    application: 'haproxy',
    changes: {
      [`${LIBRARIES}/libcrypt.so.1`]: bytes(makeElf({ soname: 'libcrypt.so.1', exports: ['crypt@GLIBC_2.2.5'] })),
    },
    rule: 'elf-symbol-versions',
    says: /haproxy .*XCRYPT_2\.0.* libcrypt\.so\.1/,
  },
  {
    summary: 'the program interpreter is gone',
    application: 'haproxy',
    changes: { [`${LIBRARIES}/ld-linux-x86-64.so.2`]: null },
    rule: 'elf-libraries',
    says: /haproxy is started by \/lib64\/ld-linux-x86-64\.so\.2/,
    mend: 'package libc6 has it',
  },
  {
    summary: 'the application’s program is gone',
    application: 'haproxy',
    changes: { '/usr/sbin/haproxy': null },
    rule: 'unit-commands',
    says: /haproxy\.service line \d+: ExecStart runs \/usr\/sbin\/haproxy/,
    mend: 'package haproxy has it',
  },
  {
    summary: 'nobody may execute the application’s program',
    application: 'haproxy',
    changes: { '/usr/sbin/haproxy': withMode(0o644) },
    rule: 'service-starts',
    says: /haproxy is not an executable file/,
  },
  {
    summary: 'the unit is gone',
    application: 'haproxy',
    // The init script would start it as well.
    changes: { '/usr/lib/systemd/system/haproxy.service': null, '/etc/init.d/haproxy': null },
    rule: 'unit-commands',
    says: /the spec runs haproxy\.service, which is not in the image/,
    mend: 'package haproxy has it',
  },
  {
    summary: 'a configuration file is gone',
    application: 'haproxy',
    changes: { '/etc/haproxy/haproxy.cfg': null },
    rule: 'configuration-present',
    says: /\/etc\/haproxy\/haproxy\.cfg, configuration of package haproxy/,
  },
  {
    summary: 'the user that runs it is missing',
    application: 'redis',
    changes: { '/etc/passwd': without(/^redis:.*\n/m) },
    rule: 'users-and-groups',
    says: /redis/,
  },
  {
    summary: 'a script’s interpreter is gone',
    application: 'memcached',
    changes: { '/usr/bin/perl': null, '/usr/bin/perl5.36.0': null },
    rule: 'script-interpreters',
    says: /systemd-memcached-wrapper is run by \/usr\/bin\/perl/,
    mend: 'package perl-base has it',
  },
  {
    summary: 'a module that a script imports is missing',
    application: 'memcached',
    changes: {
      '/usr/share/memcached/scripts/systemd-memcached-wrapper': edited((text) =>
        text.replace('use strict;', 'use JSON::XS;'),
      ),
    },
    rule: 'needs-met',
    says: /systemd-memcached-wrapper line \d+ needs JSON::XS/,
  },
  {
    summary: 'a package’s dependency is not in',
    application: 'memcached',
    changes: { '/var/lib/dpkg/status.d/libevent-2.1-7': null },
    rule: 'dependencies-met',
    says: /memcached .*libevent-2\.1-7/,
  },
  {
    summary: 'another unit takes the application’s port',
    application: 'openssh',
    changes: {
      '/etc/systemd/system/greedy.socket': '[Socket]\nListenStream=22\n',
      '/etc/systemd/system/sockets.target.wants/greedy.socket': linkTo('/etc/systemd/system/greedy.socket'),
    },
    rule: 'ports-free',
    says: /greedy\.socket takes port 22/,
  },
  {
    summary: 'a unit that it requires is missing',
    application: 'openssh',
    changes: { '/etc/systemd/system/ssh.service.d/more.conf': '[Unit]\nRequires=vault.service\n' },
    rule: 'unit-dependencies',
    says: /ssh\.service requires vault\.service/,
  },
  {
    summary: 'a PAM module is missing',
    application: 'openssh',
    changes: { [`${LIBRARIES}/security/pam_unix.so`]: null },
    rule: 'pam-modules',
    says: /names pam_unix\.so, which is not in the image/,
    mend: 'package libpam-modules has it',
  },
  {
    summary: 'a name service has no module',
    application: 'openssh',
    changes: { '/etc/nsswitch.conf': edited((text) => text.replace(/^passwd:.*$/m, 'passwd: files ldap')) },
    rule: 'nss-modules',
    says: /passwd asks ldap, and libnss_ldap\.so\.2 is not in the image/,
    warns: true,
  },
  {
    summary: 'the folder that it writes to belongs to somebody else',
    application: 'redis',
    changes: {
      '/var/lib/redis': (path) => {
        rmSync(path, { recursive: true });
        mkdirSync(path, { mode: 0o755 });
      },
    },
    rule: 'writable-folders',
    says: /user redis may not write to \/var\/lib\/redis/,
  },
  {
    summary: 'a port below 1024 without the right to it',
    application: 'haproxy',
    changes: { '/etc/systemd/system/haproxy.service.d/user.conf': '[Service]\nUser=haproxy\n' },
    rule: 'low-ports',
    says: /haproxy .*port 80/,
  },
  {
    summary: 'a Python module is missing',
    application: 'flask',
    changes: { '/usr/lib/python3/dist-packages/werkzeug': null },
    rule: 'needs-met',
    says: /werkzeug/,
  },
  {
    summary: 'a Node module is missing',
    application: 'node',
    changes: { '/opt/app/server.js': "require('express');\n" },
    rule: 'needs-met',
    says: /express/,
  },
];
