import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lock } from '../../src/model/lock.ts';
import { flipByte, makeArchive, makeKey } from '../support/archive.ts';
import { type DebSource, makeDeb, makeTar, tarItem } from '../support/deb.ts';
import { type Ended, runKiln } from '../support/kiln-process.ts';
import { makeElf } from '../support/make-elf.ts';
import { smallDistribution } from '../support/small-distribution.ts';

/** What the user's own files need becomes packages, and the lock says which file shows it: through the real program. */

const LOADER = '/lib64/ld-linux-x86-64.so.2';
const folder = mkdtempSync(join(tmpdir(), 'kiln-own-'));
const home = join(folder, 'home');
const archive = join(folder, 'archive');
const key = await makeKey();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = (content: Uint8Array | string = makeElf({})) => ({ content, mode: 0o755 });
const library = (soname: string, needed: string[] = []) => makeElf({ soname, needed });
const modules = '/usr/lib/python3/dist-packages';

const packages: DebSource[] = [
  {
    name: 'libbig1',
    architecture: 'amd64',
    depends: 'big-data',
    files: { '/usr/lib/x86_64-linux-gnu/libdo.so.1': library('libdo.so.1') },
  },
  { name: 'big-data', files: { '/usr/share/big': Buffer.alloc(64 << 10) } },
  { name: 'libdo1', architecture: 'amd64', files: { '/lib/x86_64-linux-gnu/libdo.so.1': library('libdo.so.1') } },
  { name: 'python3', version: '3.11.2', depends: 'python3-minimal' },
  { name: 'python3-minimal', files: { '/usr/bin/python3': program() } },
  {
    name: 'libpython3.11-stdlib',
    files: { '/usr/lib/python3.11/json/__init__.py': '', '/usr/lib/python3.11/os.py': '' },
  },
  { name: 'python3-web', depends: 'python3-minimal', files: { [`${modules}/web/__init__.py`]: '' } },
  { name: 'python3-lazy', files: { [`${modules}/lazy.py`]: '' } },
  { name: 'python3-tried', files: { [`${modules}/tried.py`]: '' } },
  { name: 'ruby', files: { '/usr/bin/ruby': program() } },
  { name: 'ruby-web', files: { '/usr/share/rubygems-integration/all/gems/web-2/lib/web/server.rb': '' } },
  { name: 'default-jre-headless' },
  { name: 'nodejs', architecture: 'amd64', files: { '/usr/bin/node': program() } },
  {
    name: 'node-web',
    files: { '/usr/share/nodejs/web/package.json': '{"main":"web.js"}', '/usr/share/nodejs/web/web.js': '' },
  },
];

beforeAll(async () => {
  mkdirSync(archive);
  writeFileSync(join(folder, 'key.gpg'), key.toPublic().write());
  await makeArchive(archive, { key, contents: true, packages: [...smallDistribution(), ...packages] });
});

let specs = 0;

interface Case {
  /** Files beside the spec; one that begins with `#!`, or is binary, can be run. */
  files: Record<string, string | Uint8Array>;
  from: string | Record<string, string>;
  command?: string[];
  before?: string[][];
  with?: string[];
}

interface Answer extends Ended {
  spec: string;
  lock: Lock;
  /** Names of the closure, with what shows the need of those that are needed by evidence. */
  closure: Record<string, string>;
}

async function resolveSpec(given: Case): Promise<Answer> {
  const directory = join(folder, `spec-${++specs}`);
  for (const [name, content] of Object.entries(given.files)) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    if (typeof content !== 'string' || content.startsWith('#!')) chmodSync(path, 0o755);
  }
  const spec = join(directory, 'image.yaml');
  const from = typeof given.from === 'string' ? { path: given.from } : given.from;
  const run = {
    command: given.command ?? ['/opt/app/start'],
    workingDirectory: '/opt/app',
    before: given.before ?? [],
  };
  const sources = [{ uri: `file:${archive}`, suites: ['bookworm'], signedBy: join(folder, 'key.gpg') }];
  writeFileSync(
    spec,
    JSON.stringify({ name: 'own', os: { sources }, application: { packages: given.with ?? [], from, run } }),
  );
  const ended = await runKiln(home, ['resolve', spec]);
  expect(ended).toMatchObject({ status: 0 });
  const lock = JSON.parse(readFileSync(join(directory, 'image.lock'), 'utf8')) as Lock;
  return { ...ended, spec, lock, closure: closureOf(lock) };
}

function closureOf(lock: Lock): Record<string, string> {
  const shown = lock.packages
    .filter((it) => it.layer === 'closure')
    .map(({ name, why }) => {
      const reasons = why.map((it) => (it.kind === 'evidence' ? `${it.by} ${it.needs}` : it.kind));
      return [name, reasons.join(', ')];
    });
  return Object.fromEntries(shown);
}

const APP = `import json, own
import web
import nobody


def answer():
    import lazy


try:
    import tried
except ImportError:
    tried = None
`;

const cases: (Case & { summary: string; want: Record<string, string>; unproven?: string[] })[] = [
  {
    summary:
      'a binary: its libraries, an Essential package’s as that package, and of two owners the one that adds less',
    files: { server: makeElf({ interpreter: LOADER, needed: ['libdo.so.1'] }) },
    from: 'server',
    command: ['/opt/app/server'],
    want: { toolbox: `/opt/app/server ${LOADER}`, libdo1: '/opt/app/server libdo.so.1' },
  },
  {
    summary: 'a static binary: nothing',
    files: { server: makeElf({}) },
    from: 'server',
    command: ['/opt/app/server'],
    want: {},
  },
  {
    summary: 'a library of its own beside the binary is no need, what that needs is',
    files: {
      'app/bin/start': makeElf({ interpreter: LOADER, needed: ['libown.so'], runpath: '$ORIGIN/../lib' }),
      'app/lib/libown.so': library('libown.so', ['libdo.so.1']),
    },
    from: 'app',
    command: ['/opt/app/bin/start'],
    want: { toolbox: `/opt/app/bin/start ${LOADER}`, libdo1: '/opt/app/lib/libown.so libdo.so.1' },
  },
  {
    summary: 'a Python script: interpreter, standard library, packages, what its functions import; not what it tries',
    files: { 'app/start': `#!/usr/bin/python3\n${APP}`, 'app/own.py': '' },
    from: 'app',
    want: {
      'libpython3.11-stdlib': '/opt/app/start json',
      'python3-lazy': '/opt/app/start lazy',
      'python3-minimal': '/opt/app/start /usr/bin/python3, relation',
      'python3-web': '/opt/app/start web',
    },
    unproven: ['nobody (python-modules, /opt/app/start:4)', 'tried (python-modules, /opt/app/start:12)'],
  },
  {
    summary: 'a tar with a Node application, started by its interpreter',
    files: {
      'app.tar': makeTar([
        tarItem({ name: 'lib/own.js' }, ''),
        tarItem({ name: 'server.js' }, "const fs = require('fs');\nrequire('./lib/own');\nrequire('web');\n"),
      ]),
    },
    from: { path: 'app.tar', into: '/srv' },
    command: ['/usr/bin/node', '/srv/server.js'],
    want: { nodejs: 'image.yaml: application.run.command /usr/bin/node', 'node-web': '/srv/server.js web' },
  },
  {
    summary:
      'a Ruby script: its interpreter, and a gem whose folder no Contents can be asked for; a program that only a link is',
    files: { 'app/start': "#!/usr/bin/ruby\nrequire 'web/server'\n", 'app/other': '#!/bin/sh\nexec java -jar x.jar\n' },
    from: 'app',
    before: [['/opt/app/other']],
    want: {
      'default-jre-headless': '/opt/app/other java',
      ruby: '/opt/app/start /usr/bin/ruby',
      'ruby-web': '/opt/app/start web/server',
    },
    unproven: [
      'ld-linux-x86-64.so.2 (elf-libraries, /usr/lib/x86_64-linux-gnu/libc.so.6)',
      'java (shell-commands, /opt/app/other:2)',
    ],
  },
  {
    summary: 'a .deb: what it depends on, and what its files need besides',
    files: {
      'own.deb': makeDeb({
        name: 'own',
        architecture: 'amd64',
        depends: 'big-data | libdo1',
        files: { '/usr/bin/own': program(makeElf({ interpreter: LOADER })) },
        scripts: { postinst: '#!/bin/sh\n' },
      }),
    },
    from: 'own.deb',
    command: ['/usr/bin/own'],
    want: { toolbox: `/usr/bin/own ${LOADER}`, libdo1: 'application.from: own.deb big-data | libdo1' },
  },
];

describe('what an application needs by its own files', () => {
  test.each(cases)('$summary', async ({ want, unproven = [], ...given }) => {
    const { closure, lock } = await resolveSpec(given);
    expect(closure).toEqual(want);
    expect(lock.unproven).toEqual(unproven);
  });

  test('is told by kiln why, with the file', async () => {
    const files = { server: makeElf({ interpreter: LOADER, needed: ['libdo.so.1'] }) };
    const { spec } = await resolveSpec({ files, from: 'server', command: ['/opt/app/server'] });
    const { stdout } = await runKiln(home, ['why', spec, 'libdo1']);
    expect(stdout).toContain('/opt/app/server');
    expect(stdout).toContain('libdo.so.1');
  });

  test('is not believed of Contents that were tampered with', async () => {
    flipByte(join(archive, 'dists/bookworm/main/Contents-amd64.gz'));
    rmSync(join(archive, 'dists/bookworm/main/by-hash'), { recursive: true, force: true });
    rmSync(join(archive, 'dists/bookworm/main/Contents-amd64'), { force: true });
    const spec = join(folder, 'spec-1/image.yaml');
    rmSync(join(folder, 'spec-1/image.lock'));
    const { status, stderr } = await runKiln(join(folder, 'other-home'), ['resolve', spec]);
    expect(stderr).toContain('Contents-amd64.gz is not what the signed Release states');
    expect(status).toBe(65);
    // What was verified before is kept and believed.
    expect(await runKiln(home, ['resolve', spec])).toMatchObject({ status: 0 });
  });
});

test('a binary finds its libraries in this machine’s own archives', async () => {
  const directory = join(folder, 'real');
  mkdirSync(directory);
  writeFileSync(join(directory, 'server'), makeElf({ interpreter: LOADER, needed: ['libcurl.so.4', 'libc.so.6'] }));
  const application = { from: { path: 'server' }, run: { command: ['/opt/app/server'] } };
  writeFileSync(join(directory, 'image.yaml'), JSON.stringify({ name: 'real', application }));
  const cache = fileURLToPath(new URL('../../node_modules/.cache/kiln-boot', import.meta.url));
  expect(await runKiln(home, ['resolve', directory], cache)).toMatchObject({ status: 0 });
  const closure = closureOf(JSON.parse(readFileSync(join(directory, 'image.lock'), 'utf8')) as Lock);
  expect(closure).toMatchObject({ libc6: expect.stringContaining(`/opt/app/server ${LOADER}`) });
  expect(closure.libcurl4).toBe('/opt/app/server libcurl.so.4');
}, 180_000);
