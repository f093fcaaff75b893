import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ArchiveOptions, makeArchive, makeKey } from '../support/archive.ts';
import { type ArchiveServer, serveArchive } from '../support/archive-server.ts';
import type { DebSource } from '../support/deb.ts';
import { type Ended, runKiln } from '../support/kiln-process.ts';
import { makeElf } from '../support/make-elf.ts';
import { smallDistribution } from '../support/small-distribution.ts';

/** What people run into, through the real program: its exit status, what it says, and that the next run with good input works. */

const folder = mkdtempSync(join(tmpdir(), 'kiln-bad-'));
const key = await makeKey();
const program = { content: makeElf({}), mode: 0o755 };
const app: DebSource = { name: 'app', files: { '/usr/bin/app': program } };
let worlds = 0;
let published = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface World {
  readonly home: string;
  readonly spec: string;
  readonly archive: string;
  /** Publishes these packages, later than before. */
  publish(packages: DebSource[], options?: ArchiveOptions): Promise<void>;
  write(spec: Record<string, unknown>): void;
  kiln(...args: string[]): Promise<Ended>;
}

/** An archive, a spec that reads it and it alone, and a home. */
async function makeWorld(uri?: (archive: string) => string): Promise<World> {
  const at = join(folder, `world-${++worlds}`);
  const [archive, home, spec] = [join(at, 'archive'), join(at, 'home'), join(at, 'image.yaml')];
  mkdirSync(archive, { recursive: true });
  writeFileSync(join(at, 'key.gpg'), key.toPublic().write());
  const sources = [{ uri: uri?.(archive) ?? `file:${archive}`, suites: ['bookworm'], signedBy: join(at, 'key.gpg') }];
  const world: World = {
    home,
    spec,
    archive,
    async publish(packages, options = {}) {
      const date = new Date(Date.now() - 3_600_000 + 1000 * ++published);
      await makeArchive(archive, { key, packages, date, ...options });
    },
    write: (given) => writeFileSync(spec, JSON.stringify({ name: 'small', os: { sources }, ...given })),
    kiln: (...args) => runKiln(home, args),
  };
  world.write({
    application: { packages: ['app'], run: { command: ['/usr/bin/app'] } },
    boot: { diskSize: '64MiB' },
    // The firmware's own line: this kernel is none.
    tests: [{ console: { line: '.' } }],
  });
  return world;
}

/** A fault as a user sees it: what happened, what to do, and no trace of the code. */
function expectFault({ status, stderr, stdout }: Ended, wanted: { status: number; says: RegExp }): void {
  expect(stderr + stdout).toMatch(wanted.says);
  expect(stderr).not.toMatch(/internal:|^ {4}at /m);
  expect(status).toBe(wanted.status);
}

describe('an index', () => {
  const hour = 3_600_000;
  const long = (hours: number) => new Date(Date.now() - hours * hour);
  test.each<{ summary: string; bad: ArchiveOptions; says: RegExp }>([
    { summary: 'whose InRelease was changed', bad: { tamper: 'InRelease' }, says: /signature[\s\S]*hint: / },
    { summary: 'whose Packages was changed', bad: { tamper: 'Packages' }, says: /Packages\S* is not what the signed/ },
    { summary: 'that has expired', bad: { validUntil: long(24) }, says: /InRelease was valid until 2[\s\S]*hint: / },
  ])('$summary is refused, and believed once it is good', async ({ bad, says }) => {
    const world = await makeWorld();
    await world.publish([app]);
    expect((await world.kiln('resolve', world.spec, '--closure')).status).toBe(0);
    await world.publish([app, { name: 'more' }], bad);
    expectFault(await world.kiln('resolve', world.spec, '--closure'), { status: 65, says });
    await world.publish([app, { name: 'more' }]);
    expect((await world.kiln('resolve', world.spec, '--closure')).status).toBe(0);
  });
});

test('an index that is older than the one seen does not take its place, and the user is told', async () => {
  const world = await makeWorld();
  await world.publish([app, { name: 'more' }]);
  expect((await world.kiln('resolve', world.spec, '--closure')).status).toBe(0);
  await world.publish([{ ...app, version: '0.9' }], { date: new Date(Date.now() - 48 * 3_600_000) });
  const { status, stderr, stdout } = await world.kiln('resolve', world.spec, '--closure');
  expect(stderr).toMatch(/warning: \S+InRelease is of 2\S+: the newer one of 2\S+ is used/);
  expect([status, stdout]).toEqual([0, expect.stringMatching(/app +1\.0 /)]);
});

describe('a spec', () => {
  test.each([
    {
      summary: 'that names an unknown package',
      packages: ['ap'],
      says: /ap\b[\s\S]*hint: [\s\S]*\bapp\b/,
    },
    {
      summary: 'whose roots conflict',
      packages: ['app', 'rival'],
      says: /app[\s\S]*(conflicts|Conflicts|breaks)[\s\S]*rival|rival[\s\S]*(conflicts|Conflicts)[\s\S]*app/,
    },
  ])('$summary is answered with a proof, and 1', async ({ packages, says }) => {
    const world = await makeWorld();
    await world.publish([app, { name: 'rival', fields: { Conflicts: 'app' } }]);
    const application = { run: { command: ['/usr/bin/app'] } };
    world.write({ application: { ...application, packages } });
    expectFault(await world.kiln('resolve', world.spec), { status: 1, says });
    expect(existsSync(world.spec.replace('.yaml', '.lock'))).toBe(false);
    world.write({ application: { ...application, packages: ['app'] } });
    expect((await world.kiln('resolve', world.spec, '--closure')).status).toBe(0);
  });

  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefgh'.split('').map((it, at) => {
      const before = 'abcdefg'[at];
      return `${it}: &${it} [${Array(9).fill(`*${before}`)}]`;
    }),
  ].join('\n');
  test.each([
    {
      summary: 'of the wrong type',
      text: 'name: app\napplication:\n  packages: nginx\n  run: { unit: 7 }\n',
      says: /image\.yaml:3:13: [\s\S]*image\.yaml:4:/,
    },
    { summary: 'that unfolds to a billion values', text: `name: app\n${bomb}\n`, says: /image\.yaml/ },
    { summary: 'that is no YAML', text: 'name: [app\n', says: /image\.yaml:\d+:\d+: / },
    { summary: 'that is no text', text: '\0\x01\x02', says: /image\.yaml/ },
  ])('$summary is answered with the place, and 65', async ({ text, says }) => {
    const world = await makeWorld();
    writeFileSync(world.spec, text);
    expectFault(await world.kiln('build', world.spec), { status: 65, says });
  });
});

test('a mirror that goes away half-way is unavailable, and the next run goes on from there', async () => {
  const served: { server?: ArchiveServer } = {};
  const root = join(folder, 'served');
  mkdirSync(root);
  served.server = await serveArchive(root);
  const { server } = served;
  try {
    const world = await makeWorld(() => server.uri);
    const large = {
      ...app,
      compression: '' as const,
      files: { ...app.files, '/usr/lib/app': Buffer.alloc(1 << 20, 'x') },
    };
    await makeArchive(root, { key, packages: [...smallDistribution(), large] });
    server.behave((path, times) =>
      path.endsWith('/app_1.0_all.deb') ? (times === 0 ? { cutAfter: 300_000 } : { status: 503 }) : undefined,
    );
    expectFault(await world.kiln('resolve', world.spec), {
      status: 69,
      says: /app_1\.0_all\.deb[\s\S]*hint: try again/,
    });
    server.behave(() => undefined);
    server.requests.length = 0;
    expect(await world.kiln('resolve', world.spec)).toMatchObject({ status: 0 });
    const again = server.requests.filter(({ path }) => path.endsWith('/app_1.0_all.deb'));
    expect(again.map(({ from }) => from)).toEqual([300_000]);
    expect(server.requests.filter(({ path }) => path.includes('toolbox')).length).toBe(0);
  } finally {
    await server.close();
  }
});

describe('what is met while locking and baking', () => {
  let world: World;
  const distribution = smallDistribution();
  const publish = (deb: DebSource, options?: ArchiveOptions) => world.publish([...distribution, deb], options);
  const outside = join(folder, 'outside');
  beforeAll(async () => {
    world = await makeWorld();
    mkdirSync(outside);
    writeFileSync(join(outside, 'passwd'), 'untouched');
  });

  test('a changed .deb is refused', async () => {
    await publish({ ...app, version: '1' }, { tamper: 'deb' });
    expectFault(await world.kiln('build', world.spec), {
      status: 65,
      says: /app 1 as downloaded is not what the signed index states/,
    });
    expect(existsSync(world.spec.replace('.yaml', '.lock'))).toBe(false);
  });

  test('a .deb with ../ in it is refused before anything of it is unpacked', async () => {
    const members = [{ header: { name: './../../../../../../../../../../tmp/kiln-was-here' }, content: 'x' }];
    await publish({ ...app, version: '2', members });
    expectFault(await world.kiln('build', world.spec), {
      status: 65,
      says: /kiln-was-here[\s\S]*\.\.|\.\.[\s\S]*kiln-was-here/,
    });
    expect(existsSync('/tmp/kiln-was-here')).toBe(false);
  });

  test('a changed lock is refused, and made again once it is deleted', async () => {
    await publish({
      ...app,
      version: '3',
      scripts: { postinst: '#!/bin/sh\necho cannot find the thing >&2\nexit 3\n' },
    });
    expect(await world.kiln('resolve', world.spec)).toMatchObject({ status: 0 });
    const lock = world.spec.replace('.yaml', '.lock');
    writeFileSync(lock, readFileSync(lock, 'utf8').replace('"app"', '"apq"'));
    expectFault(await world.kiln('build', world.spec, '--locked'), {
      status: 65,
      says: /image\.lock[\s\S]*hint: delete it/,
    });
    rmSync(lock);
    expect(await world.kiln('resolve', world.spec)).toMatchObject({ status: 0 });
  });

  test('a disk that fills while staging is told', async () => {
    const work = join(world.home, 'work');
    mkdirSync(work, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'none', work]);
    try {
      expectFault(await world.kiln('build', world.spec), { status: 75, says: /no space left[\s\S]*hint: / });
    } finally {
      execFileSync('umount', [work]);
    }
  });

  test('a postinst that fails is shown with what it said', async () => {
    expectFault(await world.kiln('build', world.spec), {
      status: 1,
      says: /app could not be configured[\s\S]*exit status 3[\s\S]*cannot find the thing/,
    });
  });

  test('a hostile postinst gets nowhere; after all these the build goes through as if nothing had been', async () => {
    const postinst = `#!/bin/sh
echo gone > ${outside}/passwd
mknod /usr/lib/disk b 254 0
perl -e 'socket($s, 2, 1, 0); connect($s, pack("SnNx8", 2, 22, 0x7f000001)) and exit 0; exit 1' && touch /usr/lib/broken
kill -9 ${process.pid} && touch /usr/lib/broken
exit 0
`;
    await publish({ ...app, version: '4', scripts: { postinst } });
    expect(await world.kiln('build', world.spec)).toMatchObject({ status: 0 });
    expect(readFileSync(join(outside, 'passwd'), 'utf8')).toBe('untouched');
    const { stdout } = await world.kiln('builds', '--json');
    const states = JSON.parse(stdout).map((it: { state: string }) => it.state);
    expect(states.filter((it: string) => it === 'succeeded')).toEqual(['succeeded']);
    const images = JSON.parse((await world.kiln('images', '--json')).stdout);
    expect(JSON.stringify(images)).toContain('"small"');
    const again = await world.kiln('build', world.spec);
    expect(again.status).toBe(0);
    expect(again.stdout + again.stderr).toMatch(/nothing changed/);
  }, 180_000);
});
