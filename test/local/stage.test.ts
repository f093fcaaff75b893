import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unshareIsolatedRoot } from '../../src/adapters/local/unshare-isolated-root.ts';
import { makeRootTree } from '../../src/baker/root-tree.ts';
import type { RootFacts } from '../../src/baker/types.ts';
import { folderTree } from '../../src/formats/tree/folder-tree.ts';
import { imageSpec } from '../../src/model/spec.ts';
import { silent } from '../../src/ports/progress.ts';
import { makeDeb } from '../support/deb.ts';
import { lockDebs, type Shipped, toolbox } from '../support/toolbox.ts';

const folder = mkdtempSync(join(tmpdir(), 'kiln-stage-'));
const cache = join(folder, 'cache');
const outside = join(folder, 'outside');
const base = [toolbox()];

beforeAll(() => {
  mkdirSync(outside);
  writeFileSync(join(outside, 'passwd'), 'untouched');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let builds = 0;

interface Bake {
  ships: readonly Shipped[];
  spec?: Record<string, unknown>;
  work?: string;
  signal?: AbortSignal;
  onLine?: (line: string) => void;
  runtime?: (facts: RootFacts) => void;
}

function bake({ ships, spec = {}, signal, ...options }: Bake) {
  const work = options.work ?? join(folder, `work-${++builds}`);
  mkdirSync(work, { recursive: true });
  const application = {
    packages: ['app'],
    run: { command: ['/usr/bin/app'] },
    ...((spec.application as object | undefined) ?? {}),
  };
  const { lock, debs, source } = lockDebs(join(folder, 'debs'), base, ships);
  return makeRootTree(
    {
      spec: imageSpec.parse({ name: 'app', ...spec, application }),
      specDirectory: folder,
      lock,
      debs,
      work,
      cache,
      runtime: async (facts) => {
        options.runtime?.(facts);
        return [];
      },
      signal,
    },
    { isolation: unshareIsolatedRoot(), source, progress: { ...silent, advance: (text) => options.onLine?.(text) } },
  );
}

const paths = (root: string) =>
  [...folderTree(root).entries()].filter((it) => it.type !== 'directory').map((it) => it.path);
const app: Shipped = {
  name: 'app',
  files: { '/usr/bin/app': '#!/bin/sh\n', '/usr/share/doc/app/copyright': 'free', '/usr/share/doc/app/manual': 'long' },
};

describe('the tree of a lock', () => {
  const configured: Shipped = {
    ...app,
    depends: 'lib (>= 1)',
    files: { ...app.files, '/etc/app/app.conf': 'a=1', '/usr/share/locale/de/LC_MESSAGES/app.mo': 'Wort' },
    conffiles: ['/etc/app/app.conf'],
    scripts: {
      postinst: `#!/bin/sh
set -e
mkdir -p /var/lib/app /var/cache/app
date > /var/log/app.log
echo state > /var/lib/app/state
echo x > /var/cache/app/index
echo app:x:990:990::/var/lib/app:/bin/false >> /etc/passwd
echo app:x:990: >> /etc/group
echo "app:!:$(date +%s)::::::" >> /etc/shadow
chown 990:990 /var/lib/app
echo old > /etc/passwd-
update-alternatives --install /usr/bin/editor editor /usr/bin/app 1
update-alternatives --install /usr/bin/viewer viewer /usr/bin/ls 1
dd if=/dev/urandom of=/var/lib/random-seed bs=512 count=1 2> /dev/null
id -u > /etc/app/configured-by
`,
    },
  };
  const lib: Shipped = { name: 'lib', files: { '/usr/lib/lib/data': 'data' } };
  const partial: Shipped = {
    name: 'shell',
    only: ['/usr/bin/part'],
    files: { '/usr/bin/part': '#!/bin/sh\n', '/usr/bin/other': '', '/usr/share/doc/shell/copyright': 'free' },
  };
  const ships = [configured, lib, partial];
  let made: Awaited<ReturnType<typeof bake>>;
  beforeAll(async () => {
    made = await bake({
      ships,
      spec: { application: { files: [{ path: '/etc/app/own.conf', content: 'own', owner: 'app', mode: '0600' }] } },
    });
  });

  test('is what ships, what the lock lists, what configuring made for it, and what every tree has', () => {
    expect(paths(made.root)).toEqual(
      [
        ...['/bin', '/lib', '/lib64', '/sbin', '/var/lock', '/var/run'],
        ...[
          'group',
          'gshadow',
          'hostname',
          'hosts',
          'ld.so.cache',
          'nsswitch.conf',
          'os-release',
          'passwd',
          'shadow',
        ].map((it) => `/etc/${it}`),
        ...[
          '/etc/alternatives/editor',
          '/usr/bin/editor',
          '/etc/app/app.conf',
          '/etc/app/configured-by',
          '/etc/app/own.conf',
        ],
        ...[
          '/usr/bin/app',
          '/usr/bin/part',
          '/usr/lib/lib/data',
          '/usr/share/doc/app/copyright',
          '/usr/share/doc/shell/copyright',
        ],
        ...[
          '/var/lib/app/state',
          '/var/lib/dpkg/status.d/app',
          '/var/lib/dpkg/status.d/lib',
          '/var/lib/dpkg/status.d/shell',
        ],
      ].sort(),
    );
    const tree = folderTree(made.root);
    expect(tree.lookup('/var/lib/app')).toMatchObject({ uid: 990, gid: 990 });
    expect(tree.lookup('/etc/app/own.conf')).toMatchObject({ uid: 990, gid: 0, mode: 0o600 });
    expect(tree.lookup('/tmp')).toMatchObject({ mode: 0o1777 });
    expect(tree.read('/etc/app/configured-by').toString()).toBe('0\n');
    expect(tree.read('/var/lib/dpkg/status.d/shell').toString()).toContain('Kiln-Ships: files');
  });

  test('tells what each rule took', () => {
    expect(made.report.removed.map((it) => it.rule).toSorted()).toEqual([
      'backups',
      'caches',
      'dangling-links',
      'documentation',
      'locales',
      'logs',
      'other-packages',
      'package-state',
    ]);
    expect(made.report.generated).toContain('/var/lib/app/state');
    expect(made.report.kept.files).toBeLessThan(made.report.staged.files);
  });

  test('gives back what a rule took when the spec says so', async () => {
    const minimize = { documentation: false, locales: ['de'], keep: ['/var/cache/app'], remove: ['/usr/lib/lib'] };
    const { root } = await bake({ ships, spec: { minimize } });
    const left = paths(root);
    for (const path of [
      '/usr/share/doc/app/manual',
      '/usr/share/locale/de/LC_MESSAGES/app.mo',
      '/var/cache/app/index',
    ]) {
      expect(left).toContain(path);
    }
    expect(left).not.toContain('/usr/lib/lib/data');
  });

  test('has no identity: it is returned to be made at first boot', () => {
    expect(made.identities).toMatchObject([
      { kind: 'random-seed', bytes: 512, file: { path: '/var/lib/random-seed', owner: 'root' } },
    ]);
  });

  test('is the same, byte for byte, when it is baked again, with the base made again too', async () => {
    rmSync(cache, { recursive: true });
    const again = await bake({
      ships,
      spec: { application: { files: [{ path: '/etc/app/own.conf', content: 'own', owner: 'app', mode: '0600' }] } },
    });
    expect(again.treeDigest).toBe(made.treeDigest);
  });
});

describe('relations', () => {
  test('a package that is pre-depended on is configured before the other is unpacked', async () => {
    const early: Shipped = {
      name: 'early',
      scripts: { postinst: '#!/bin/sh\nmkdir -p /var/lib/early\n' },
      depends: 'earlier',
    };
    const earlier: Shipped = { name: 'earlier', scripts: { postinst: '#!/bin/sh\ntouch /var/lib/earlier\n' } };
    const late: Shipped = {
      ...app,
      fields: { 'Pre-Depends': 'early' },
      scripts: { preinst: '#!/bin/sh\ntest -d /var/lib/early && test -e /var/lib/earlier\n' },
    };
    const { root } = await bake({ ships: [late, early, earlier] });
    expect(paths(root)).toContain('/usr/bin/app');
  });
});

describe('a hostile package', () => {
  const attack = (script: string): Shipped[] => [{ ...app, scripts: { postinst: `#!/bin/sh\n${script}\nexit 0\n` } }];
  const attacks = [
    {
      summary: 'writes to the host',
      script: `echo gone > ${outside}/passwd; mkdir -p ${outside}; echo gone > ${outside}/passwd`,
    },
    {
      summary: 'makes a device',
      script: 'mknod /usr/bin/disk b 254 0; test -e /usr/bin/disk && touch /var/lib/broken',
    },
    {
      summary: 'mounts something',
      script: 'mount -t tmpfs none /mnt && touch /var/lib/broken; mount -t proc none /srv && touch /var/lib/broken',
    },
    {
      summary: 'reaches the network',
      script: `perl -e 'socket($s, 2, 1, 0); connect($s, pack("SnNx8", 2, 22, 0x7f000001)) and exit 0; exit 1' && touch /var/lib/broken`,
    },
    {
      summary: 'kills processes',
      script: `kill -9 ${process.pid} && touch /var/lib/broken; kill -9 1; kill -9 ${process.ppid} && touch /var/lib/broken`,
    },
    { summary: 'sets the core pattern', script: 'echo evil > /proc/sys/kernel/core_pattern && touch /var/lib/broken' },
    { summary: 'leaves a process behind', script: 'sleep 4321 > /dev/null 2>&1 &' },
  ];

  test.each(attacks)('that $summary fails to, and bakes', async ({ script }) => {
    const corePattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8');
    const { root } = await bake({ ships: attack(script) });
    expect(paths(root)).toContain('/usr/bin/app');
    expect(paths(root)).not.toContain('/var/lib/broken');
    expect([...folderTree(root).entries()].filter((it) => it.type === 'block' || it.type === 'character')).toEqual([]);
    expect(readFileSync(join(outside, 'passwd'), 'utf8')).toBe('untouched');
    expect(readFileSync('/proc/sys/kernel/core_pattern', 'utf8')).toBe(corePattern);
    expect(execFileSync('ps', ['ax', '-o', 'args']).toString()).not.toContain('sleep 4321');
    expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(folder);
  });

  const links = [
    { summary: 'a folder that Kiln writes to', script: `mv /etc /etc.old; ln -s ${outside} /etc` },
    { summary: 'a file that Kiln writes to', script: `rm /etc/shadow; ln -s ${outside}/passwd /etc/shadow` },
    {
      summary: 'a folder whose files are removed',
      script: `mv /var/lib/dpkg /var/lib/dpkg.old; ln -s ${outside} /var/lib/dpkg`,
    },
    {
      summary: 'the configuration of the loader',
      script: `rm /etc/ld.so.conf; ln -s ${outside}/passwd /etc/ld.so.conf; ln -sf ${outside}/passwd /etc/ld.so.cache`,
    },
    { summary: 'a folder of its own', script: `ln -s ${outside} /var/lib/app` },
  ];
  test.each(links)('that plants a link to the host in place of $summary changes nothing there', async ({ script }) => {
    const before = readdirSync(outside);
    const outcome = await bake({ ships: attack(script) }).catch((error: { code?: string }) => error.code);
    expect(typeof outcome === 'object' || ['CONFIGURE_FAILED', 'REFUSED'].includes(String(outcome))).toBe(true);
    expect(readdirSync(outside)).toEqual(before);
    expect(readFileSync(join(outside, 'passwd'), 'utf8')).toBe('untouched');
  });
});

describe('what goes wrong', () => {
  test('a script that fails is told with its package and what it said, not those that depend on it', async () => {
    const broken: Shipped = {
      name: 'broken',
      scripts: { postinst: '#!/bin/sh\necho checking things\necho "cannot find the thing" >&2\nexit 3\n' },
    };
    await expect(bake({ ships: [{ ...app, depends: 'broken' }, broken] })).rejects.toMatchObject({
      code: 'CONFIGURE_FAILED',
      message: expect.stringMatching(
        /^broken could not be configured: .*exit status 3[\s\S]*\| checking things\n.*\| cannot find the thing$/,
      ),
    });
  });

  const large: Shipped = { ...app, files: { ...app.files, '/usr/lib/app/large': Buffer.alloc(12 << 20, 'large') } };
  const disks = [
    { summary: 'while the base is copied', size: '8m', ships: [app] },
    { summary: 'while dpkg unpacks', size: '20m', ships: [large] },
    {
      summary: 'while a script writes',
      size: '20m',
      ships: [{ ...app, scripts: { postinst: '#!/bin/sh\ndd if=/dev/zero of=/usr/lib/more bs=1M count=20\n' } }],
    },
  ];
  test.each(disks)(
    'a disk that fills $summary loses nothing: with room, the same build finishes',
    async ({ size, ships }) => {
      const small = mkdtempSync(join(folder, 'small-'));
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', small]);
      try {
        await expect(bake({ ships, work: join(small, 'work') })).rejects.toMatchObject({ code: 'NO_SPACE' });
        execFileSync('mount', ['-o', 'remount,size=200m', small]);
        expect(paths((await bake({ ships, work: join(small, 'work') })).root)).toContain('/usr/bin/app');
      } finally {
        execFileSync('umount', [small]);
      }
    },
  );

  test('an abort while a script runs ends it at once, and the build can be started again', async () => {
    const controller = new AbortController();
    const slow: Shipped = { ...app, scripts: { postinst: '#!/bin/sh\ntest -e /etc/quick || sleep 1234\n' } };
    const work = join(folder, 'aborted');
    const running = bake({ ships: [slow], work, signal: controller.signal });
    running.catch(() => {});
    for (
      let tries = 0;
      tries < 500 && !execFileSync('ps', ['ax', '-o', 'args']).toString().includes('sleep 1234');
      tries += 1
    ) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(execFileSync('ps', ['ax', '-o', 'args']).toString()).not.toContain('sleep 1234');
    expect(paths((await bake({ ships: [app], work })).root)).toContain('/usr/bin/app');
  });

  test('a private key of unknown kind is refused, until the spec says what becomes of it', async () => {
    const key = '-----BEGIN ENCRYPTED PRIVATE KEY-----\\nMIIB\\n-----END ENCRYPTED PRIVATE KEY-----\\n';
    const ships: Shipped[] = [
      { ...app, scripts: { postinst: `#!/bin/sh\nmkdir /etc/app; echo "${key}" > /etc/app/key.pem\n` } },
    ];
    await expect(bake({ ships })).rejects.toMatchObject({
      code: 'REFUSED',
      message: expect.stringContaining('/etc/app/key.pem'),
    });
    const { root } = await bake({ ships, spec: { identities: [{ path: '/etc/app/key.pem', remove: true }] } });
    expect(existsSync(join(root, 'etc/app/key.pem'))).toBe(false);
  });
});

test('a unit that only stands for others has the instances that its generator makes of the configuration', async () => {
  const unit = '/usr/lib/systemd/system';
  const generator =
    '#!/bin/sh\nmkdir -p "$1/app.service.wants"\nfor it in /etc/app/*.conf; do\n  name=${it##*/}\n  ln -s /usr/lib/systemd/system/app@.service "$1/app.service.wants/app@${name%.conf}.service"\ndone\n';
  const ships: Shipped = {
    ...app,
    files: {
      ...app.files,
      [`${unit}/app.service`]: '[Service]\nType=oneshot\nExecStart=/bin/true\n',
      [`${unit}/app@.service`]: '[Unit]\nPartOf=app.service\n[Service]\nExecStart=/usr/bin/app %i\n',
      '/usr/lib/systemd/system-generators/app-generator': { content: generator, mode: 0o755 },
      '/etc/app/main.conf': 'a=1',
    },
  };
  let instances: readonly string[] = [];
  const application = {
    run: { unit: 'app.service' },
    files: [{ path: '/etc/app/own.conf', content: 'a=2' }],
  };
  const { root } = await bake({
    ships: [ships],
    spec: { application },
    runtime: (facts) => {
      instances = facts.instances;
    },
  });
  expect(instances).toEqual(['app@main.service', 'app@own.service']);
  expect(readFileSync(join(root, 'etc/app/own.conf'), 'utf8')).toBe('a=2');
  expect(existsSync(join(root, 'run/systemd'))).toBe(false);
});

test('programs lose their set-id bits, and keys that everybody has are left out, unless the spec keeps them', async () => {
  const key = `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(64)}\n-----END PRIVATE KEY-----\n`;
  const ships: Shipped = {
    ...app,
    files: {
      ...app.files,
      '/usr/bin/helper': { content: '#!/bin/sh\n', mode: 0o4755 },
      '/usr/bin/kept': { content: '#!/bin/sh\n', mode: 0o2755 },
      '/usr/share/app/demo.key': key,
      '/usr/share/app/needed.key': key,
    },
  };
  const keep = ['/usr/bin/kept', '/usr/share/app/needed.key'];
  const { root, report } = await bake({ ships: [ships], spec: { minimize: { keep } } });
  const tree = folderTree(root);
  expect(tree.lookup('/usr/bin/helper')?.mode).toBe(0o755);
  expect(tree.lookup('/usr/bin/kept')?.mode).toBe(0o2755);
  expect(paths(root).filter((it) => it.endsWith('.key'))).toEqual(['/usr/share/app/needed.key']);
  expect(report.ordinary).toEqual(['/usr/bin/helper']);
});

describe('a .deb of the user’s own', () => {
  const own = (postinst: string) =>
    writeFileSync(
      join(folder, 'own.deb'),
      makeDeb({
        name: 'own',
        files: { '/etc/own/own.conf': 'x', '/usr/bin/own': { content: '#!/bin/sh\n', mode: 0o4755 } },
        scripts: { postinst: `#!/bin/sh\nset -e\n${postinst}\n` },
      }),
    );
  const spec = { application: { from: { path: 'own.deb' }, run: { command: ['/usr/bin/own'], user: 'hello' } } };

  test('is configured like any other: what its scripts make and whom they give files to stays', async () => {
    own('mkdir /var/lib/own\necho made > /var/lib/own/state\nchown 33:33 /etc/own/own.conf /var/lib/own');
    const { root } = await bake({ ships: [app], spec });
    const tree = folderTree(root);
    expect(readFileSync(join(root, 'var/lib/own/state'), 'utf8')).toBe('made\n');
    expect(tree.lookup('/etc/own/own.conf')).toMatchObject({ uid: 33, gid: 33 });
    expect(tree.lookup('/var/lib/own')).toMatchObject({ uid: 33 });
    expect(tree.lookup('/usr/bin/own')).toMatchObject({ mode: 0o755, uid: 0 });
  });

  test('whose script fails is told with what it said', async () => {
    own('echo no such luck >&2\nexit 3');
    await expect(bake({ ships: [app], spec })).rejects.toMatchObject({
      code: 'CONFIGURE_FAILED',
      message: expect.stringContaining('no such luck'),
    });
  });
});
