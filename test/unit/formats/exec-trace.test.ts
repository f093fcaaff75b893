import { expect, test } from 'vitest';
import { complaintsIn } from '../../../src/formats/system/console-complaints.ts';
import { complaintsOf, programsTried } from '../../../src/formats/system/exec-trace.ts';

const CONSOLE = `[    4.1] Run /init as init process
[    4.2] kiln_exec: (do_open_execat+0x0/0x1b0) name="/init"
[    4.3] kiln_exec: (do_open_execat+0x0/0x1b0) name="/usr/local/bin/getopt"
started
[    4.4] kiln_exec: (do_open_execat+0x0/0x1b0) name="/usr/bin/getopt"
[    4.5] kiln_exec: (do_open_execat+0x0/0x1b0) name="/usr/lib/app/convert"
[    4.5] kiln_exec: (do_open_execat+0x0/0x1b0) name="/usr/libexec/init"
[    4.5] kiln_exec: (do_open_execat+0x0/0x1b0) name="/sbin/modprobe"
[    4.6] kiln_exec: (do_open_execat+0x0/0x1b0) name="/usr/bin/getopt"
`;

test('a traced console tells which programs were tried, each once', () => {
  expect(programsTried(CONSOLE)).toEqual([
    '/init',
    '/usr/local/bin/getopt',
    '/usr/bin/getopt',
    '/usr/lib/app/convert',
    '/usr/libexec/init',
    '/sbin/modprobe',
  ]);
});

test('a kernel that traced nothing is not one under which nothing was tried', () => {
  expect(programsTried('[    4.1] Run /init as init process\n')).toBeUndefined();
});

test('what was looked for along a command path is one program, what was asked for by its path is that file', () => {
  const complaints = complaintsIn(complaintsOf(programsTried(CONSOLE)!).join('\n'));
  expect(complaints.map((it) => `${it.kind} ${it.needs}`)).toEqual([
    'program getopt',
    'program /usr/lib/app/convert',
    'program /usr/libexec/init',
  ]);
});
