import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { DraftContext } from '../../../../src/app/init-spec/draft/draft.ts';
import { nameFrom } from '../../../../src/app/init-spec/draft/draft.ts';
import { renderDraft } from '../../../../src/app/init-spec/draft/render.ts';
import { draftOfArchive } from '../../../../src/app/init-spec/folder/archive.ts';
import { draftOfBinary } from '../../../../src/app/init-spec/folder/binary.ts';
import { draftOfFolder } from '../../../../src/app/init-spec/folder/folder.ts';
import { draftOfPackage } from '../../../../src/app/init-spec/package/package.ts';
import { memoryTree } from '../../../../src/formats/tree/memory-tree.ts';
import { KilnError } from '../../../../src/model/error.ts';
import { buildUniverse } from '../../../../src/resolver/universe/universe.ts';
import { makeElf } from '../../../support/make-elf.ts';
import { makeZip } from '../../../support/make-zip.ts';
import { makeInputs } from '../../../support/universe.ts';

const parent = mkdtempSync(join(tmpdir(), 'kiln-init-test-'));
afterAll(() => rmSync(parent, { recursive: true }));

const archive = {
  nodejs: '',
  python3: '',
  gunicorn: '',
  uvicorn: '',
  'python3-flask': '',
  'python3-yaml': '',
  'python3-fastapi': '',
  libc6: '',
  'libfancy-tls3': '',
  'libfancy-web-perl': '',
  'libpcre2-8-0': '', // biome-ignore format: a table
};
const nobody = { owners: async () => new Map<string, string[]>() };
const context = {
  ports: { source: nobody, progress: undefined, folders: undefined } as never,
  archive: { universe: buildUniverse(makeInputs({ bookworm: archive }), 'amd64'), indexes: [] },
} satisfies DraftContext;

let count = 0;
function folderOf(files: Readonly<Record<string, string | Buffer | undefined>>): string {
  const folder = join(parent, `case-${count++}`);
  for (const [path, content] of Object.entries(files)) {
    if (content === undefined) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content, { mode: 0o755 });
  }
  return folder;
}

describe('a folder', () => {
  test.each([
    {
      summary: 'with Flask is served by gunicorn',
      files: { 'app.py': 'import os, yaml\nfrom flask import Flask\nserver = Flask(__name__)\n' },
      want: {
        packages: ['gunicorn', 'python3', 'python3-flask', 'python3-yaml'],
        run: { command: ['/usr/bin/gunicorn', '--bind', '0.0.0.0:8000', 'app:server'] },
        ports: [8000],
        notes: [],
      },
    },
    {
      summary: 'with FastAPI in a package is served by uvicorn',
      files: {
        'shop/main.py': 'from fastapi import FastAPI\nfrom . import db\napp = FastAPI()\n',
        'shop/db.py': 'import json\n',
      },
      want: {
        packages: ['python3', 'python3-fastapi', 'uvicorn'],
        run: { command: ['/usr/bin/uvicorn', '--host', '0.0.0.0', '--port', '8000', 'shop.main:app'] },
      },
      mark: 'pyproject.toml',
    },
    {
      summary: 'with a module that Debian does not have says so',
      files: { 'main.py': 'import rarething\nimport helper\n', 'helper.py': '' },
      want: {
        packages: ['python3'],
        run: { command: ['/usr/bin/python3', '/opt/app/main.py'] },
        notes: [
          'No python3-* package was found for rarething: put them into the folder, such as by `pip install --target vendor --python-version 3.11 --only-binary=:all: rarething`.',
          'The console of the first build says what it listens on. Add `ports`, and a test that asks one.',
        ],
      },
    },
    {
      summary: 'with Node is started by its start script, on the port that it names',
      files: {
        'package.json': '{"name":"Shop API","scripts":{"start":"node ./src/serve.js"}}',
        'src/serve.js': 'require("http").createServer().listen(4000)\n',
      },
      want: {
        name: 'shop-api',
        packages: ['nodejs'],
        run: { command: ['/usr/bin/node', '/opt/app/src/serve.js'] },
        ports: [4000],
      },
    },
    {
      summary: 'with Node and dependencies that are not installed says what to do',
      files: { 'package.json': '{"main":"index.js","dependencies":{"express":"5"}}', 'index.js': '' },
      want: {
        notes: [
          'Run `npm ci --omit=dev` in the folder first: its dependencies go into the image with it.',
          'Port 3000 is a guess.',
        ],
      },
    },
    {
      summary: 'with one binary runs it',
      files: {
        server: makeElf({ interpreter: '/lib64/ld-linux-x86-64.so.2', needed: ['libfancy-tls.so.3'] }),
        'README.md': '',
      },
      want: { packages: ['libfancy-tls3'], run: { command: ['/opt/app/server'] } },
    },
    {
      summary: 'with one script runs it',
      files: { 'serve.pl': '#!/usr/bin/env perl\nuse strict;\nuse Fancy_Web::Lite -signatures;\n', 'README.md': '' },
      want: {
        packages: [],
        run: { command: ['/usr/bin/perl', '/opt/app/serve.pl'] },
        description: 'a perl application',
      },
    },
    {
      summary: 'with one script, whose port it states',
      files: { 'serve.pl': "#!/usr/bin/env perl\n# port: 1\napp->start('daemon', '-l', 'http://*:3000');\n" },
      want: { ports: [3000] },
    },
    {
      summary: 'with a .jar runs its main class',
      files: { 'shop.jar': makeZip({ 'META-INF/MANIFEST.MF': 'Manifest-Version: 1.0\r\nMain-Class: Shop\r\n' }) },
      want: { packages: ['default-jre-headless'], run: { command: ['/usr/bin/java', '-jar', '/opt/app/shop.jar'] } },
    },
  ])('$summary', async ({ files, want, mark }) => {
    const draft = await draftOfFolder(context, folderOf(mark ? { ...files, [mark]: '' } : files));
    expect(draft).toMatchObject({ ...want, ...(want.run ? { run: expect.objectContaining(want.run) } : {}) });
    expect(renderDraft(draft)).toContain(`name: ${draft.name}`);
  });

  test.each([
    {
      summary: 'with nothing known',
      files: { 'notes.txt': '' },
      hint: 'it looks for a unit, Procfile or Dockerfile; Node, Python, PHP, Ruby or perl; one binary, .jar, .war or script; or pages with an index.html',
    },
    {
      summary: 'with a .jar that says nothing of what to run',
      files: { 'lib.jar': makeZip({ 'META-INF/MANIFEST.MF': 'Manifest-Version: 1.0\r\n' }) },
      hint: 'give the .jar a Main-Class in META-INF/MANIFEST.MF, or write the spec with a command of its own',
    },
    { summary: 'with two binaries', files: { a: makeElf({}), b: makeElf({}) }, hint: 'name the one to run: a, b' },
  ])('$summary is refused with a hint', async ({ files, hint }) => {
    const fault = await draftOfFolder(context, folderOf(files)).catch((error) => error);
    expect(fault).toBeInstanceOf(KilnError);
    expect(fault).toMatchObject({ code: 'USAGE', hint });
  });
});

describe('a binary', () => {
  test('needs the packages of its libraries; those that nobody has are told', async () => {
    const needed = ['libpcre2-8.so.0', 'libnobodyhas.so.7'];
    const draft = await draftOfBinary(context, join(folderOf({ tool: makeElf({ needed }) }), 'tool'));
    expect(draft.packages).toEqual(['libpcre2-8-0']);
    expect(draft.notes[0]).toBe('No package was found for libnobodyhas.so.7: add it to packages.');
  });

  test('of another machine is refused', async () => {
    const path = join(folderOf({ tool: makeElf({ machine: 183 }) }), 'tool');
    await expect(draftOfBinary(context, path)).rejects.toMatchObject({
      code: 'USAGE',
      hint: 'build it for linux/amd64',
    });
  });
});

test.each<{ summary: string; files: Readonly<Record<string, string>>; want: string }>([
  { summary: 'a library', files: { '/usr/lib/libx.so.1': '' }, want: 'USAGE' },
  {
    summary: 'a package of tools',
    files: { '/usr/bin/[': '', '/usr/bin/arch': '' },
    want: 'It brings no unit: see whether the command stays in the foreground. It also has arch.',
  },
])('a package that is no service: $summary', async ({ files, want }) => {
  const source = {
    fetch: async () => new Map(),
    open: async () => ({ control: new Map(), data: memoryTree(files) }),
    owners: async () => new Map(),
  };
  const here = { ...context, ports: { ...(context.ports as object), source } } as never;
  const draft = await draftOfPackage(here, 'gunicorn').catch((fault) => fault);
  expect(draft instanceof KilnError ? draft.code : draft.notes[0]).toBe(want);
});

test('a tar is looked into, and named itself', async () => {
  const folder = folderOf({ 'app.py': 'from flask import Flask\napp = Flask(__name__)\n' });
  const tar = join(parent, 'My_Shop.tar.gz');
  execFileSync('tar', ['-C', folder, '-czf', tar, '.']);
  const draft = await draftOfArchive(context, tar);
  expect(draft).toMatchObject({ name: 'my-shop', from: { path: tar, into: '/opt/app' }, ports: [8000] });
});

test('a .deb of one’s own brings its Depends and its unit', async () => {
  const folder = folderOf({
    'DEBIAN/control':
      'Package: shop\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDepends: libc6 (>= 2.36), nodejs | node\nDescription: x\n',
    'lib/systemd/system/shop.service': '[Service]\nExecStart=/usr/bin/shop\n',
  });
  const deb = join(parent, 'shop_1_all.deb');
  execFileSync('dpkg-deb', ['--root-owner-group', '--build', folder, deb]);
  const draft = await draftOfArchive(context, deb);
  expect(draft).toMatchObject({
    packages: ['libc6 (>= 2.36)', 'nodejs'],
    run: { unit: 'shop.service' },
    from: { into: '/' },
  });
});

test.each([
  { path: '/srv/My_App.tar.gz', want: 'my-app' },
  { path: './shop.deb', want: 'shop' },
  { path: '/', want: 'app' },
  { path: `/x/${'a'.repeat(80)}`, want: 'a'.repeat(63) },
])('$path is called $want', ({ path, want }) => expect(nameFrom(path)).toBe(want));
