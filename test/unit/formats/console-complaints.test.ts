import { expect, test } from 'vitest';
import { complaintsIn } from '../../../src/formats/system/console-complaints.ts';

test.each([
  { line: 'sh: 1: gzip: not found', want: ['program', 'gzip'] },
  { line: '/usr/sbin/app: line 12: pidof: command not found', want: ['program', 'pidof'] },
  { line: "env: 'node': No such file or directory", want: ['program', 'node'] },
  { line: '/usr/bin/env: ‘python3’: No such file or directory', want: ['program', 'python3'] },
  { line: 'exec: "git": executable file not found in $PATH', want: ['program', 'git'] },
  { line: 'Error: spawn convert ENOENT', want: ['program', 'convert'] },
  {
    line: "can't execvp '/usr/lib/squid/unlinkd': No such file or directory",
    want: ['program', '/usr/lib/squid/unlinkd'],
  },
  {
    line: '/opt/app/web: error while loading shared libraries: libpq.so.5: cannot open shared object file: No such file or directory',
    want: ['library', 'libpq.so.5'],
  },
  {
    line: 'dlopen: /usr/lib/app/mod_x.so: cannot open shared object file: No such file or directory',
    want: ['file', '/usr/lib/app/mod_x.so'],
  },
  { line: "ModuleNotFoundError: No module named 'yaml.cyaml'", want: ['python', 'yaml.cyaml'] },
  { line: "Can't locate Mojo/Base.pm in @INC (you may need to install it)", want: ['perl', 'Mojo/Base.pm'] },
  { line: "Error: Cannot find module '@scope/thing/lib'", want: ['node', '@scope/thing'] },
  {
    line: "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'express' imported from /opt/app/a.mjs",
    want: ['node', 'express'],
  },
  { line: "in `require': cannot load such file -- sinatra/base (LoadError)", want: ['ruby', 'sinatra/base'] },
  {
    line: 'nginx: [emerg] open() "/etc/nginx/mime.types" failed (2: No such file or directory)',
    want: ['file', '/etc/nginx/mime.types'],
  },
  { line: 'open /usr/share/zoneinfo/UTC: no such file or directory', want: ['file', '/usr/share/zoneinfo/UTC'] },
  { line: '[   12.300000] app: Unable to open file /usr/share/app/x.dat', want: ['file', '/usr/share/app/x.dat'] },
])('$line', ({ line, want }) => {
  expect(complaintsIn(`boot\n${line}\r\n${line}\n`)).toEqual([
    expect.objectContaining({ kind: want[0], needs: want[1] }),
  ]);
});

test.each([
  'kiln: app runs',
  'GET /nowhere 404 Not Found',
  'ready to accept connections',
  'user not found in database',
])('nothing is missing in: %s', (line) => {
  expect(complaintsIn(line)).toEqual([]);
});
