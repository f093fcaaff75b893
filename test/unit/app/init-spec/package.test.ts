import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { renderDraft } from '../../../../src/app/init-spec/draft/render.ts';
import { listeningOf } from '../../../../src/app/init-spec/package/listening.ts';
import { pathsNamed } from '../../../../src/app/init-spec/package/recommended.ts';
import { datagramPortsIn } from '../../../../src/app/init-spec/package/services.ts';
import { chooseUnit, filesAwaited, templatesOf } from '../../../../src/app/init-spec/package/unit.ts';
import { webApplicationOf } from '../../../../src/app/init-spec/package/web-application.ts';
import { linesFor } from '../../../../src/app/init-spec/suggest-run.ts';
import { memoryTree } from '../../../../src/formats/tree/memory-tree.ts';

type Files = Parameters<typeof memoryTree>[0];
const UNITS = '/usr/lib/systemd/system';

function packageOf(files: Files) {
  const conffiles = Object.keys(files).filter((path) => path.startsWith('/etc/'));
  return { control: new Map([['conffiles', Buffer.from(`${conffiles.join('\n')}\n`)]]), data: memoryTree(files) };
}

describe('the unit to start is', () => {
  const daemon = '[Service]\nType=notify\nExecStart=/usr/sbin/d\n[Install]\nWantedBy=multi-user.target\n';
  const once = '[Service]\nType=oneshot\nExecStart=/usr/sbin/d\n';
  test.each<{ summary: string; files: Files; want: string | undefined }>([
    {
      summary: 'the one of the package’s name',
      files: { [`${UNITS}/aaa.service`]: daemon, [`${UNITS}/app.service`]: daemon },
      want: 'app.service',
    },
    {
      summary: 'the one that has the name as an alias',
      files: { [`${UNITS}/aaa.service`]: once, [`${UNITS}/appd.service`]: `${daemon}Alias=app.service\n` },
      want: 'appd.service',
    },
    {
      summary: 'the one that a link of the name leads to',
      files: {
        [`${UNITS}/aaa.service`]: daemon,
        [`${UNITS}/appd.service`]: daemon,
        [`${UNITS}/app.service`]: { target: 'appd.service' },
      },
      want: 'appd.service',
    },
    {
      summary: 'otherwise the one that runs on',
      files: { [`${UNITS}/aaa.service`]: once, [`${UNITS}/other.service`]: daemon, [`${UNITS}/t@.service`]: daemon },
      want: 'other.service',
    },
    {
      summary: 'an init script of the name, before a unit of another',
      files: { [`${UNITS}/app-base.service`]: once, '/etc/init.d/app': '#!/bin/sh\n' },
      want: 'app.service',
    },
    {
      summary: 'the unit, where an init script has the same name',
      files: { [`${UNITS}/app.service`]: daemon, '/etc/init.d/app': '#!/bin/sh\n' },
      want: 'app.service',
    },
    {
      summary: 'none where there is only a helper of another name',
      files: { [`${UNITS}/app-resume.service`]: once, [`${UNITS}/app@.service`]: daemon },
      want: undefined,
    },
    {
      summary: 'of equals the one that starts after the others',
      files: {
        [`${UNITS}/helper.service`]: daemon,
        [`${UNITS}/server.service`]: `[Unit]\nAfter=network.target helper.service\n${daemon}`,
      },
      want: 'server.service',
    },
    {
      summary: 'not the one of the name that runs only in a role',
      files: {
        [`${UNITS}/app-controller.service`]: daemon.replace('Type', 'ExecCondition=/bin/is controller\nType'),
        [`${UNITS}/app.service`]: { target: 'app-controller.service' },
        [`${UNITS}/names.service`]: daemon.replace('Type', 'ExecCondition=/bin/is server\nType'),
        [`${UNITS}/shares.service`]: `[Unit]\nAfter=names.service\n${daemon.replace('Type', 'ExecCondition=/bin/is server\nType')}`,
      },
      want: 'shares.service',
    },
    { summary: 'none where there is none', files: { '/usr/bin/app': '' }, want: undefined },
  ])('$summary', ({ files, want }) => {
    expect(chooseUnit([packageOf(files)], ['app'])?.unit).toBe(want);
  });
});

test('what a unit waits for is named, unless a package brings or makes it', () => {
  const conditions = ['/etc/app.conf', '/etc/app.d/there', '/etc/app.made', '!/etc/app.off', '/run/app', '|/etc/one'];
  const unit = `[Unit]\n${conditions.map((it) => `ConditionPathExists=${it}\n`).join('')}[Service]\nExecStart=/a\n`;
  const app = packageOf({ [`${UNITS}/app.service`]: unit, '/etc/app.d/there': '' });
  const control = new Map([...app.control, ['postinst', Buffer.from('echo > /etc/app.made\n')] as const]);
  expect(filesAwaited([{ ...app, control }], 'app.service')).toEqual(['/etc/app.conf']);
});

test.each([
  { summary: 'nothing', unit: '[Service]\nExecStart=/a\n', want: [] },
  { summary: 'its socket', unit: '[Unit]\nRequires=app.socket\n', want: ['Requires=app.socket'] },
  { summary: 'another service', unit: '[Unit]\nBindsTo=db.service -.mount\n', want: ['BindsTo=db.service'] },
  { summary: 'a user that is made at the start', unit: '[Service]\nDynamicUser=yes\n', want: ['DynamicUser=yes'] },
  {
    summary: 'capabilities beyond low ports',
    unit: '[Service]\nAmbientCapabilities=CAP_NET_BIND_SERVICE\nAmbientCapabilities=CAP_NET_RAW\n',
    want: ['AmbientCapabilities=CAP_NET_RAW'],
  },
  { summary: 'the bus', unit: '[Service]\nType=dbus\n', want: ['Type=dbus'] },
])('a unit asks of systemd alone: $summary', ({ unit, want }) => {
  expect(chooseUnit([packageOf({ [`${UNITS}/app.service`]: unit })], ['app'])?.asksForManager).toEqual(want);
});

test('a draft says which init it needs', () => {
  const draft = {
    name: 'app',
    description: 'x',
    packages: ['app'],
    run: { unit: 'app.service' },
    ports: [],
    http: false,
  };
  expect(renderDraft({ ...draft, notes: [], init: 'systemd' })).toContain('boot:\n  init: systemd\n');
  expect(renderDraft({ ...draft, notes: [] })).not.toContain('boot:');
});

describe('ports are read from', () => {
  test.each<{ summary: string; files: Files; want: number[] }>([
    { summary: 'a web server’s configuration', files: { '/etc/w.conf': 'server.port = 80\n' }, want: [80] },
    { summary: 'addresses with ports', files: { '/etc/w.conf': 'bind *:81\nListen 0.0.0.0:443\n' }, want: [81, 443] },
    { summary: 'YAML', files: { '/etc/w.yml': 'port: 4222\n' }, want: [4222] },
    { summary: 'JSON', files: { '/etc/w.json': '{\n "rpc-port": 9091,\n "peer-port": 1,\n' }, want: [9091] },
    { summary: 'an address of a port alone', files: { '/etc/w.yml': 'http:\n  addr: :5000\n' }, want: [5000] },
    { summary: 'a site', files: { '/etc/w/Wfile': '# :1 {\n:80 {\n\troot * /x\n}\n' }, want: [80] },
    {
      summary: 'nothing that waits to be switched on, but for the default',
      files: { '/etc/w/sites-available/default': 'listen 80\n', '/etc/w/mods-available/x': 'port = 6379\n' },
      want: [80],
    },
    {
      summary: 'a property of a server',
      files: { '/etc/w/start.ini': 'jetty.http.port=8080\ndb.port=5\n' },
      want: [8080],
    },
    {
      summary: 'what is nested deeply last',
      files: { '/etc/w/a.cfg': 's: {\n  m: (\n\t\t\tport = 5102\n', '/etc/w/b.cfg': 'g: {\n\tport = 8088\n' },
      want: [8088, 5102],
    },
    {
      summary: 'no part that is switched off',
      files: { '/etc/w/part.cfg': 'enabled = false\nport = 12201\n', '/etc/w/w.cfg': 'enabled = true\nport = 1\n' },
      want: [1],
    },
    {
      summary: 'no service that is disabled',
      files: {
        '/etc/x.d/echo':
          'service echo\n{\n disable = yes\n port = 7\n}\nservice echo\n{\n disable = yes\n port = 7\n}\n',
      },
      want: [],
    },
    { summary: 'nothing that is a comment', files: { '/etc/w.conf': '#port=5353\n; port = 1\n' }, want: [] },
    { summary: 'nothing that is no port', files: { '/etc/w.conf': 'listen 10.0.0.1\nport 70000\n' }, want: [] },
    {
      summary: 'XML, but for its comments',
      files: {
        '/etc/t.xml':
          '<Connector port="8080" protocol="x"/>\n<!-- <Connector\n port="8009"/> -->\n<listen-socket>\n  <port>8000</port>\n',
      },
      want: [8000, 8080],
    },
    {
      summary: 'the unit’s command',
      files: { [`${UNITS}/app.service`]: '[Service]\nExecStart=/usr/sbin/appd \\\n -a :6081 --cache=9\n' },
      want: [6081],
    },
    {
      summary: 'a socket',
      files: { [`${UNITS}/app.socket`]: '[Socket]\nListenStream=@x\nListenStream=3306\n' },
      want: [3306],
    },
    {
      summary: 'a firewall profile, TCP only',
      files: { '/etc/ufw/applications.d/app': '[A]\nports=25,465/tcp|53/udp\n[B]\nports=53\n' },
      want: [25, 53, 465],
    },
  ])('$summary', ({ files, want }) => {
    expect(listeningOf([packageOf(files)], 'app.service').ports).toEqual(want);
  });
});

test.each([
  { summary: 'stated', files: { '/etc/app.conf': 'port = 53\n' }, want: false },
  { summary: 'offered only', files: { '/etc/ufw/applications.d/app': '[A]\nports=53\n' }, want: true },
])('a port of a configuration is told from one of a firewall profile: $summary', ({ files, want }) => {
  expect(listeningOf([packageOf(files as unknown as Files)], undefined).isOffer).toBe(want);
});

describe('a web application is served', () => {
  test.each<{ summary: string; files: Files; want: object | undefined }>([
    {
      summary: 'by the configuration that it brings for Apache',
      files: {
        '/etc/app/apache.conf': '# Alias /old /old\nAlias /app /usr/share/app\n',
        '/usr/share/app/index.php': '<?php\n',
        '/usr/share/app/part/index.php': '<?php\n',
      },
      want: {
        packages: ['libapache2-mod-php'],
        path: '/app/',
        site: { content: expect.stringContaining('Include /etc/app/apache.conf') },
      },
    },
    {
      summary: 'from the folder of its index, where the configuration names no place',
      files: { '/etc/app/apache.conf': '#Alias /app /x\n', '/usr/share/app/public/index.php': '<?php\n' },
      want: {
        packages: ['libapache2-mod-php'],
        path: '/',
        site: { content: expect.stringContaining('DocumentRoot /usr/share/app/public\n') },
      },
    },
    {
      summary: 'as a program that is started for each request',
      files: { '/etc/apache2/conf-available/app.conf': 'ScriptAlias "/app/" "/usr/lib/app/app.cgi/"\n' },
      want: { packages: ['apache2'], path: '/app/', site: { content: expect.stringContaining('mod_cgid.so') } },
    },
    {
      summary: 'not where there is none',
      files: { '/usr/share/doc/app/apache.conf': 'Alias /a /b\n' },
      want: undefined,
    },
  ])('$summary', ({ files, want }) => {
    const found = webApplicationOf(packageOf(files));
    if (want === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject(want);
  });
});

test('configuration that a script copies into /etc counts as well', () => {
  const files = { '/usr/share/app/app.conf': '-p 11211\n-l 127.0.0.1\n' };
  const copied = {
    ...packageOf(files),
    control: new Map([['postinst', Buffer.from('#!/bin/sh\nucf --three-way /usr/share/app/app.conf /etc/app.conf\n')]]),
  };
  expect(listeningOf([copied], undefined)).toMatchObject({
    ports: [11211],
    opened: [{ path: '/etc/app.conf', content: '-p 11211\n-l 0.0.0.0\n' }],
  });
});

describe('a service that keeps to 127.0.0.1', () => {
  const base = {
    name: 'app',
    description: 'x',
    packages: ['app'],
    run: { unit: 'app.service' },
    http: false,
    notes: [],
  };

  test('is opened where its configuration is short', () => {
    const { opened, closed, ports } = listeningOf(
      [packageOf({ '/etc/app.conf': '# why\nbind 127.0.0.1 -::1\nport 6379\nuser = app\n' })],
      undefined,
    );
    expect(opened).toEqual([
      expect.objectContaining({ path: '/etc/app.conf', content: 'bind 0.0.0.0 -::1\nport 6379\nuser = app\n' }),
    ]);
    expect(closed).toEqual([]);
    expect(renderDraft({ ...base, ports, files: opened })).toContain('bind 0.0.0.0');
  });

  test.each([
    { line: 'host: 127.0.0.1', want: 'host: 0.0.0.0' },
    { line: '-l 127.0.0.1', want: '-l 0.0.0.0' },
    { line: 'bind-address = localhost', want: 'bind-address = 0.0.0.0' },
    { line: 'listen ::1;', want: 'listen 0.0.0.0;' },
    { line: 'listen on localhost', want: 'listen on 0.0.0.0' },
    { line: 'OPTIONS="-d --listen=localhost \\', want: 'OPTIONS="-d --listen=0.0.0.0 \\' },
    { line: 'listen 127.0.0.1:8080', want: 'listen 0.0.0.0:8080' },
    { line: 'APPD_LISTEN_ADDR=127.0.0.1', want: 'APPD_LISTEN_ADDR=0.0.0.0' },
  ])('$line becomes $want', ({ line, want }) => {
    const { opened } = listeningOf([packageOf({ '/etc/app.conf': `${line}\n` })], undefined);
    expect(opened[0]?.content).toBe(`${want}\n`);
  });

  test.each([
    { summary: 'whom it lets in', line: 'Server=127.0.0.1' },
    { summary: 'a machine that it watches', line: 'address 127.0.0.1' },
    { summary: 'a name that begins so', line: 'host_name localhost' },
    { summary: 'a database that it asks', line: 'DB_HOST=127.0.0.1' },
    { summary: 'a part that is switched off', line: 'enabled = no\nhost = 127.0.0.1' },
    { summary: 'a comment in XML', line: '<!--\naddress="::1"\n-->' },
  ])('is not taken for one by $summary', ({ line }) => {
    expect(listeningOf([packageOf({ '/etc/app.conf': `${line}\n` })], undefined)).toMatchObject({
      opened: [],
      closed: [],
    });
  });

  test.each([
    { lines: 'allow ^127\\.0\\.0\\.1$\nallow ^::1$', want: ['/etc/app.conf:1', '/etc/app.conf:2'] },
    { lines: '"rpc-whitelist": "127.0.0.1"', want: ['/etc/app.conf:1'] },
    { lines: 'allow 127.0.0.1\nallow 10.0.0.0/8', want: [] },
    { lines: 'allow_anonymous true', want: [] },
  ])('is told from one that only lets in the machine: $lines', ({ lines, want }) => {
    expect(listeningOf([packageOf({ '/etc/app.conf': `${lines}\n` })], undefined).letsIn).toEqual(want);
  });

  test('is pointed at where it is long, and asked on the console', () => {
    const long = Array.from({ length: 40 }, (_, index) => `setting${index} 1`).join('\n');
    const { opened, closed } = listeningOf(
      [packageOf({ '/etc/app.conf': `${long}\nbind-address = 127.0.0.1\n` })],
      undefined,
    );
    expect(opened).toEqual([]);
    expect(closed).toEqual(['/etc/app.conf:41']);
    expect(renderDraft({ ...base, ports: [6379], local: true })).toContain('line: "kiln: app runs"');
  });
});

test('a unit that stands for instances of a template is told from one that runs', () => {
  const files = {
    [`${UNITS}/app.service`]: '[Service]\nType=oneshot\nExecStart=/bin/true\n',
    [`${UNITS}/app@.service`]: '[Service]\nExecStart=/usr/sbin/appd %i\n',
    [`${UNITS}/app-dump@.service`]: '[Service]\nExecStart=/usr/sbin/dump %i\n',
  };
  expect(chooseUnit([packageOf(files)], ['app'])).toMatchObject({ unit: 'app.service', runsOn: false });
  expect(templatesOf([packageOf(files)], ['app'])).toEqual(['app@.service']);
});

test('a port that may be one of UDP alone is asked of what the machine says that it listens on', () => {
  expect([
    ...datagramPortsIn('radius\t1812/tcp\nradius\t1812/udp\n#x 5/udp\ntftp 69/udp # old\nhttp 80/tcp www\n'),
  ]).toEqual([1812, 69]);
  const draft = {
    name: 'app',
    description: 'x',
    packages: ['app'],
    run: { unit: 'app.service' },
    http: false,
    notes: [],
  };
  const text = renderDraft({ ...draft, ports: [1812], datagram: true });
  const line = new RegExp(String(parse(text).tests[0].console.line));
  expect('kiln: app listens on 0.0.0.0:1812 (udp)').toMatch(line);
  expect('kiln: app listens on :::1812 (tcp)').toMatch(line);
  expect('kiln: app listens on 127.0.0.1:1812 (udp)').not.toMatch(line);
  expect('kiln: app listens on 0.0.0.0:18120 (udp)').not.toMatch(line);
});

test('files that a unit’s commands name are read from the unit and from the scripts that it starts', () => {
  const files = {
    [`${UNITS}/app.service`]:
      '[Service]\nExecStartPre=-/usr/libexec/prepare x\nExecStart=/usr/sbin/app -c /usr/share/app/a.conf\n',
    '/usr/libexec/prepare': '#!/bin/sh\nKEY="/usr/share/dns/root.key"\ncp $HERE/usr/share/no /usr/lib/app/b\n',
    '/usr/sbin/app': '\x7fELF /usr/share/binary',
    '/usr/libexec/other': '#!/bin/sh\ncat /usr/share/other\n',
  };
  expect(pathsNamed([packageOf(files)], 'app.service')).toEqual([
    '/usr/share/app/a.conf',
    '/usr/share/dns/root.key',
    '/usr/lib/app/b',
  ]);
});

test('what a package only recommends, and its service reads, is in the draft', () => {
  const draft = {
    name: 'app',
    description: 'x',
    packages: ['app'],
    run: { unit: 'app.service' },
    http: false,
    notes: [],
  };
  const spec = parse(renderDraft({ ...draft, ports: [], include: ['data'] }));
  expect(spec.resolution).toEqual({ include: ['data'] });
});

test('a spec that does not say what runs is told the lines to add', () => {
  expect(linesFor({ run: { unit: 'app.service' } })).toEqual(['application.run: { unit: app.service }']);
  expect(linesFor({ run: { command: ['/usr/bin/a', '-x'] }, init: 'systemd', include: ['data'] })).toEqual([
    'application.run: { command: [ /usr/bin/a, -x ] }',
    'boot.init: systemd',
    'resolution.include: [ data ]',
  ]);
});
