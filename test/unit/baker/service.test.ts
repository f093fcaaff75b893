import { expect, test } from 'vitest';
import { readAccounts } from '../../../src/baker/runtime/accounts.ts';
import { commandService } from '../../../src/baker/runtime/command-service.ts';
import { serviceScript, shellWord } from '../../../src/baker/runtime/service-script.ts';
import { translateEntries, translateUnit } from '../../../src/baker/runtime/translate-unit.ts';
import { parseUnit } from '../../../src/formats/system/unit.ts';
import { memoryTree } from '../../../src/formats/tree/memory-tree.ts';
import { KilnError } from '../../../src/model/error.ts';
import { run } from '../../../src/model/spec.ts';

const base = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nweb:x:33:34:web:/var/www:/usr/sbin/nologin\n',
  '/etc/group': 'root:x:0:\nwww:x:34:\nadm:x:4:\n',
  '/etc/default/app': '# words\nOPTIONS="--fast --name=\'a b\'"\nEMPTY=\n',
  '/usr/sbin/appd': { content: 'elf', mode: 0o755 },
  '/usr/bin/prepare': { content: 'elf', mode: 0o755 },
};
const tree = memoryTree(base);
const translate = (service: string, name = 'app.service') =>
  translateEntries(parseUnit(`[Service]\n${service}\n`), name, tree);
const scriptOf = (service: string, name?: string) => {
  const translation = translate(service, name);
  return serviceScript(translation.service, readAccounts(tree));
};

test.each([
  { summary: 'what notifies', unit: 'Type=notify\nExecStart=/usr/sbin/appd', want: { type: 'notify' } },
  { summary: 'exec is as simple', unit: 'Type=exec\nExecStart=/usr/sbin/appd', want: { type: 'simple' } },
  {
    summary: 'a daemon that forks is known by its PID file',
    unit: 'Type=forking\nPIDFile=/var/run/app.pid\nExecStart=/usr/sbin/appd',
    want: { type: 'forking', pidFile: '/run/app.pid' },
  },
  {
    summary: 'directories of the unit, with mode and owner',
    unit: 'User=web\nGroup=adm\nRuntimeDirectory=app app/x\nRuntimeDirectoryMode=2750\nStateDirectory=app\nExecStart=/usr/sbin/appd',
    want: {
      directories: [
        { path: '/run/app', mode: 0o2750, owner: 'web', group: 'adm' },
        { path: '/run/app/x', mode: 0o2750, owner: 'web', group: 'adm' },
        { path: '/var/lib/app', mode: 0o755, owner: 'web', group: 'adm' },
      ],
    },
  },
  {
    summary: 'environment of the unit, its files over it, and what systemd adds for a user',
    unit: 'User=web\nEnvironment="A=1 2" OPTIONS=slow\nEnvironmentFile=-/etc/default/app\nEnvironmentFile=-/nowhere\nExecStart=/usr/sbin/appd',
    want: {
      environment: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin',
        HOME: '/var/www',
        LOGNAME: 'web',
        USER: 'web',
        A: '1 2',
        OPTIONS: "--fast --name='a b'",
        EMPTY: '',
      },
    },
  },
  {
    summary: 'variables and specifiers in commands',
    unit: 'EnvironmentFile=/etc/default/app\nExecStart=/usr/sbin/appd $OPTIONS $EMPTY ${EMPTY}x --of=%i --in=%t $$5',
    name: 'app@main.service',
    want: {
      main: [
        {
          argv: ['/usr/sbin/appd', '--fast', '--name=a b', 'x', '--of=main', '--in=/run', '$5'],
          ignoreFailure: false,
          asRoot: false,
        },
      ],
    },
  },
  {
    summary: 'prefixes of commands',
    unit: 'User=web\nExecStartPre=-+/usr/bin/prepare it\nExecStart=@/usr/sbin/appd other-name arg',
    want: {
      before: [{ argv: ['/usr/bin/prepare', 'it'], ignoreFailure: true, asRoot: true }],
      main: [{ argv: ['/usr/sbin/appd', 'arg'], ignoreFailure: false, asRoot: false }],
    },
  },
  {
    summary: 'how it is stopped',
    unit: 'ExecStart=/usr/sbin/appd\nKillSignal=SIGQUIT\nKillMode=mixed\nTimeoutStopSec=1min 30s',
    want: { stopSignal: 'QUIT', killMode: 'mixed', stopSeconds: 90 },
  },
  {
    summary: 'limits and umask',
    unit: 'ExecStart=/usr/sbin/appd\nLimitNOFILE=1024:65535\nLimitCORE=infinity\nUMask=0027',
    want: { limits: { n: '65535', c: 'unlimited' }, umask: '0027' },
  },
  {
    summary: 'low ports without the capability',
    unit: 'User=web\nExecStart=/usr/sbin/appd\nAmbientCapabilities=CAP_NET_BIND_SERVICE',
    want: { sysctls: { 'net.ipv4.ip_unprivileged_port_start': '0' } },
  },
  {
    summary: 'an empty assignment takes back those before it',
    unit: 'ExecStart=/usr/bin/prepare\nExecStart=\nExecStart=/usr/sbin/appd',
    want: { main: [{ argv: ['/usr/sbin/appd'], ignoreFailure: false, asRoot: false }] },
  },
])('a unit says: $summary', ({ unit, name, want }) => {
  expect(translate(unit, name).service).toMatchObject(want);
});

test('what is not carried out is named', () => {
  const { notHonoured } = translate(
    `ExecStart=/usr/sbin/appd\nExecStop=-/usr/bin/absent --now\nProtectSystem=strict\nPrivateTmp=no\nEnvironmentFile=/etc/absent\nDynamicUser=yes`,
  );
  expect(notHonoured).toEqual([
    'DynamicUser=yes',
    'EnvironmentFile: /etc/absent is not in the image',
    'ExecStop of app.service: /usr/bin/absent is not in the image',
    'ProtectSystem=strict',
  ]);
});

test('a folder that the unit opens for writing and that is root’s alone becomes its user’s', () => {
  const files = memoryTree({
    ...base,
    '/var/lib/app/data': { type: 'directory', mode: 0o755 },
    '/var/lib/others': { type: 'directory', mode: 0o775 },
    '/etc/app': { type: 'directory', mode: 0o755 },
  });
  const text =
    'User=web\nReadWritePaths=-/var/lib/app/data/ /var/lib/others /etc/app /var/absent\nExecStart=/usr/sbin/appd';
  const directories = (unit: string) =>
    translateEntries(parseUnit(`[Service]\n${unit}\n`), 'app.service', files).service.directories;
  expect(directories(text)).toEqual([{ path: '/var/lib/app/data', mode: 0o755, owner: 'web', group: '34' }]);
  expect(directories(text.replace('User=web', ''))).toEqual([]);
});

test('a socket or another service that the unit requires is named', () => {
  const entries = parseUnit('[Unit]\nRequires=app.socket network.target\n[Service]\nExecStart=/usr/sbin/appd\n');
  expect(translateEntries(entries, 'app.service', tree).notHonoured).toEqual(['Requires=app.socket']);
});

test('a unit that only stands for others is told of', () => {
  const trees = memoryTree({ ...base, '/usr/bin/true': { content: 'elf', mode: 0o755 } });
  const { notHonoured } = translateEntries(
    parseUnit('[Service]\nType=oneshot\nExecStart=/bin/true\n'),
    'all.service',
    trees,
  );
  expect(notHonoured.join()).toContain('instance of a template');
});

test.each([
  { summary: 'a unit that is nowhere', unit: 'none.service', code: 'NOT_FOUND', message: 'none.service' },
  { summary: 'a unit without a command', unit: 'empty.service', code: 'SPEC_INVALID', message: 'starts nothing' },
  { summary: 'a user that is not in the image', unit: 'nobody.service', code: 'SPEC_INVALID', message: 'ghost' },
])('refused: $summary', ({ unit, code, message }) => {
  const units = memoryTree({
    ...base,
    '/usr/lib/systemd/system/empty.service': '[Service]\nType=simple\n',
    '/usr/lib/systemd/system/nobody.service': '[Service]\nUser=ghost\nExecStart=/usr/sbin/appd\n',
  });
  const error = caught(() => translateUnit(units, unit));
  expect(error.code).toBe(code);
  expect(error.message).toContain(message);
});

function caught(work: () => unknown): KilnError {
  try {
    work();
  } catch (error) {
    if (error instanceof KilnError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

test('a unit that is a slip of the pen away is named', () => {
  expect(
    caught(() => translateUnit(memoryTree({ ...base, '/usr/lib/systemd/system/nginx.service': '' }), 'ngnix.service'))
      .hint,
  ).toBe('did you mean nginx.service?');
});

test('drop-ins come after the unit, those in /etc instead of those of their name in /usr/lib', () => {
  const units = memoryTree({
    ...base,
    '/usr/lib/systemd/system/app@.service': '[Service]\nUser=web\nExecStart=/usr/sbin/appd %i\n',
    '/usr/lib/systemd/system/app@.service.d/10.conf': '[Service]\nUMask=0001\n',
    '/etc/systemd/system/app@.service.d/10.conf': '[Service]\nUMask=0002\n',
    '/etc/systemd/system/app@x.service.d/20.conf': '[Service]\nUser=\nUser=root\n',
  });
  const { service } = translateUnit(units, 'app@x.service');
  expect(service).toMatchObject({ user: 'root', umask: '0002', main: [{ argv: ['/usr/sbin/appd', 'x'] }] });
});

test('the script runs the service as its user, with nothing of the shell left in its words', () => {
  const script = scriptOf(
    `User=web\nEnvironment="SAY=it's"\nNoNewPrivileges=yes\nExecStartPre=-/usr/bin/prepare "$ODD; rm"\nExecStart=/usr/sbin/appd "a b"\nExecStop=/usr/bin/prepare --pid=$MAINPID`,
  );
  expect(script).toContain("'SAY=it'\\''s'");
  expect(script).toMatch(/setpriv --nnp \S+ start-stop-daemon .* -c web .*-x \/usr\/sbin\/appd -- 'a b'\n/);
  expect(script).toMatch(/\/usr\/bin\/prepare -- '; rm'\)\n/);
  expect(script).toContain('--pid="${MAINPID}"'.replace('${MAINPID}', '$MAINPID'));
});

test('where permissions are for the start only, what comes before and after it is root’s', () => {
  const script = scriptOf(
    'User=web\nPermissionsStartOnly=true\nExecStartPre=/usr/bin/prepare\nExecStart=/usr/sbin/appd\nExecStop=/usr/bin/prepare --stop',
  );
  expect(script).toMatch(/ \/usr\/bin\/prepare\) \|\|/);
  expect(script).toMatch(/ \/usr\/bin\/prepare --stop\) \|\|/);
  expect(script.match(/start-stop-daemon/g)).toHaveLength(1);
});

test('what only the machine knows is asked when the service starts', () => {
  const script = scriptOf('Environment=NAME=%H AT=100%%H\nExecStart=/usr/sbin/appd --name=%l --id %m');
  expect(script).toContain('NAME="$(hostname)" AT=100%H ');
  expect(script).toContain('--name="$(hostname)" --id "$(cat /etc/machine-id)"\n');
});

test.each([
  ['plain', 'plain'],
  ['', "''"],
  ['$(reboot)', "'$(reboot)'"],
  ["it's", "'it'\\''s'"],
  ['a\nb', "'a\nb'"],
])('the shell word of %j is %j', (text, want) => {
  expect(shellWord(text)).toBe(want);
});

test('a command of the spec becomes a service', () => {
  const spec = run.parse({
    command: ['/usr/sbin/appd', '-D', '/data'],
    user: 'web',
    environment: { MODE: 'fast' },
    before: [['/usr/bin/prepare']],
    directories: [{ path: '/run/app', owner: 'web', group: 'www', mode: '2775' }],
  });
  expect(commandService(spec, 'app', tree)).toMatchObject({
    name: 'app',
    user: 'web',
    environment: { HOME: '/var/www', USER: 'web', MODE: 'fast' },
    before: [{ argv: ['/usr/bin/prepare'], asRoot: true }],
    main: [{ argv: ['/usr/sbin/appd', '-D', '/data'] }],
    directories: [{ path: '/run/app', mode: 0o2775, owner: 'web', group: 'www' }],
  });
});

test.each([
  { user: 'web', ports: [80], sysctls: { 'net.ipv4.ip_unprivileged_port_start': '0' } },
  { user: 'web', ports: [8080], sysctls: {} },
  { user: undefined, ports: [80], sysctls: {} },
])('a command that runs as $user may listen on $ports', ({ user, ports, sysctls }) => {
  const spec = run.parse({ command: ['/usr/sbin/appd'], user });
  expect(commandService(spec, 'app', tree, ports).sysctls).toEqual(sysctls);
});

test.each([
  { program: '/usr/bin/appd', hint: 'did you mean /usr/sbin/appd?' },
  { program: '/usr/sbin/apd', hint: 'did you mean /usr/sbin/appd?' },
  {
    program: '/usr/bin/other',
    hint: 'application.packages or application.files must bring it; resolution.includeFiles adds a file of any package',
  },
])('what $program was meant to be', ({ program, hint }) => {
  expect(caught(() => commandService(run.parse({ command: [program] }), 'app', tree)).hint).toBe(hint);
});

test.each([
  { summary: 'a program that is not there', command: ['/usr/bin/none'], message: '/usr/bin/none is not in the image' },
  { summary: 'an unknown user', command: ['/usr/sbin/appd'], user: 'ghost', message: 'ghost' },
])('a command is refused: $summary', ({ command, user, message }) => {
  expect(caught(() => commandService(run.parse({ command, user }), 'app', tree)).message).toContain(message);
});
