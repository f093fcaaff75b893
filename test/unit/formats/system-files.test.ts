import { expect, test } from 'vitest';
import { defaultLibraryDirectories, parseLoaderConfiguration } from '../../../src/formats/elf/loader-configuration.ts';
import { parseNameServiceSwitch } from '../../../src/formats/system/name-service.ts';
import { parsePamProfile, parsePamService } from '../../../src/formats/system/pam.ts';
import { parsePasswd } from '../../../src/formats/system/passwd.ts';
import { parseSysusers } from '../../../src/formats/system/sysusers.ts';
import { parseTmpfiles } from '../../../src/formats/system/tmpfiles.ts';

test('ld.so.conf: folders, includes, comments', () => {
  const text = '# c\ninclude ld.so.conf.d/*.conf\n/opt/a /opt/b # d\nhwcap 0 nosegneg\n';
  expect(parseLoaderConfiguration(text)).toEqual({
    directories: ['/opt/a', '/opt/b'],
    includes: ['ld.so.conf.d/*.conf'],
  });
  expect(defaultLibraryDirectories(62, 64)).toEqual(['/usr/lib/x86_64-linux-gnu', '/usr/lib']);
  expect(defaultLibraryDirectories(1, 32)).toEqual(['/usr/lib']);
});

test('nsswitch.conf: services without actions', () => {
  expect(parseNameServiceSwitch('# c\npasswd:  files systemd\nhosts: files [NOTFOUND=return] dns\nbroken\n')).toEqual([
    { database: 'passwd', services: ['files', 'systemd'], line: 2 },
    { database: 'hosts', services: ['files', 'dns'], line: 3 },
  ]);
});

test('PAM services: modules, includes, what may miss', () => {
  const text =
    '#%PAM\n@include common-auth\nauth [success=1 default=ignore] pam_unix.so nullok\n-session optional pam_x.so\naccount substack other\n$auth_primary\n';
  expect(
    parsePamService(text).map(({ kind, name, mayMiss, line }) => `${line} ${kind} ${name}${mayMiss ? '?' : ''}`),
  ).toEqual(['2 include common-auth', '3 module pam_unix.so', '4 module pam_x.so?', '5 include other']);
});

test('PAM profiles count where they are on by default', () => {
  const profile = (value: string) => `Name: x\nDefault: ${value}\nAuth:\n\t[success=end default=ignore]\tpam_x.so a\n`;
  expect(parsePamProfile(profile('yes'))?.map(({ name }) => name)).toEqual(['pam_x.so']);
  expect(parsePamProfile(profile('no'))).toBeUndefined();
});

test('passwd: users, and lines that are none', () => {
  expect(
    parsePasswd('root:x:0:0:root:/root:/bin/bash\n\nbroken\nx:x:1:1::/:\n').map(
      ({ name, shell }) => `${name} ${shell}`,
    ),
  ).toEqual(['root /bin/bash', 'x /bin/sh']);
});

test('sysusers.d: users, groups, members', () => {
  expect(parseSysusers('# c\nu app 123 "An app" /var/lib/app\ng web -\nm app web\nr - 500-900\n')).toEqual([
    { kind: 'user', name: 'app', line: 2 },
    { kind: 'group', name: 'web', line: 3 },
    { kind: 'member', name: 'app', group: 'web', line: 4 },
  ]);
});

test('tmpfiles.d: modes, owners, arguments', () => {
  expect(parseTmpfiles('# c\nd /run/app 0750 app web -\nL+ /run/l - - - - /etc/l\nbroken\n')).toEqual([
    { type: 'd', path: '/run/app', mode: 0o750, user: 'app', group: 'web', line: 2 },
    { type: 'L', path: '/run/l', argument: '/etc/l', line: 3 },
  ]);
});
