import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { describeGap, gapsOf } from '../../../../src/app/application/gaps.ts';
import { memoryTree } from '../../../../src/formats/tree/memory-tree.ts';
import { KilnError } from '../../../../src/model/error.ts';
import type { Lock } from '../../../../src/model/lock.ts';
import { imageSpec } from '../../../../src/model/spec.ts';
import type { PackageSource } from '../../../../src/ports/package-source.ts';
import { silent } from '../../../../src/ports/progress.ts';

const folder = mkdtempSync(join(tmpdir(), 'kiln-gaps-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Packages that the lock names, with their files; the archive has one more. */
const PACKAGES: Record<string, string[]> = {
  app: ['/usr/bin/app', '/usr/share/doc/app/help.txt'],
  coreutils: ['/usr/bin/sort', '/usr/bin/env'],
};
const ARCHIVE = new Map([
  ['/usr/bin/convert', ['imagemagick-6.q16', 'imagick']],
  ['/usr/lib/python3/dist-packages/yaml/__init__.py', ['python3-yaml']],
  ['/usr/share/perl5/Mojo/Base.pm', ['libmojolicious-perl']],
]);

const lock = {
  packages: [{ name: 'app', version: '1' }],
  build: {
    base: [
      { name: 'coreutils', version: '9' },
      { name: 'perl-base', version: '5.36.0-7' },
    ],
  },
} as unknown as Lock;

const source = {
  open: async ({ name }) => {
    const files = Object.fromEntries((PACKAGES[name] ?? []).map((path) => [path, '']));
    return { control: new Map(), data: memoryTree(files, { package: name }) };
  },
  owners: async (_, paths) => new Map([...ARCHIVE].filter(([path]) => paths.includes(path))),
} as Pick<PackageSource, 'open' | 'owners'> as PackageSource;

function treeOf(files: readonly string[]): string {
  const root = mkdtempSync(join(folder, 'root-'));
  for (const path of files) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), '');
  }
  const tar = `${root}.tar`;
  execFileSync('tar', ['--create', '--file', tar, '--directory', root, '.']);
  return tar;
}

const tar = treeOf(['/usr/bin/app', '/usr/bin/env', '/etc/app.conf']);
const gapsIn = (console: string, given: PackageSource | undefined = source) =>
  gapsOf(
    { store: { path: async () => tar } as never, progress: silent, ...(given ? { source: given } : {}) },
    {
      spec: imageSpec.parse({ name: 'app', application: { packages: ['app'], run: { unit: 'app.service' } } }),
      lock,
      treeDigest: 'x',
      console,
    },
  );

test.each([
  {
    summary: 'a program of a package that only configures',
    line: 'sh: 1: sort: not found',
    want: 'resolution.includeFiles: [/usr/bin/sort]',
  },
  {
    summary: 'a program of a package that is not there',
    line: 'Error: spawn convert ENOENT',
    want: 'resolution.include: [imagick]',
  },
  {
    summary: 'a file that was pruned',
    line: 'app: cannot open /usr/share/doc/app/help.txt',
    want: 'minimize.keep: [/usr/share/doc/app/help.txt]',
  },
  {
    summary: 'a Python module',
    line: "ModuleNotFoundError: No module named 'yaml'",
    want: 'resolution.include: [python3-yaml]',
  },
  {
    summary: 'a perl module',
    line: "Can't locate Mojo/Base.pm in @INC (x)",
    want: 'resolution.include: [libmojolicious-perl]',
  },
])('$summary is told with what to add', async ({ line, want }) => {
  const gaps = await gapsIn(`kiln: app runs\n${line}\n`);
  expect(gaps.map(describeGap)).toEqual([expect.stringContaining(want)]);
  expect(describeGap(gaps[0]!)).toMatch(/^unproven: /);
});

test('what the image has, what nobody has, and what is made while running is passed over', async () => {
  const lines = [
    'env: sh: /usr/bin/env: not found',
    'app: cannot open /etc/app.conf',
    'app: /etc/nobody.conf: No such file or directory',
    'open /run/app/app.pid: no such file or directory',
  ];
  expect(await gapsIn(lines.join('\n'))).toEqual([]);
});

test('a program that nobody has is told without a remedy, and so is everything without a package source', async () => {
  expect((await gapsIn('sh: 1: frobnicate: not found')).map(describeGap)).toEqual([
    'unproven: frobnicate (console: sh: 1: frobnicate: not found)',
  ]);
  const gaps = await gapsOf(
    { store: { path: async () => tar } as never, progress: silent },
    {
      spec: imageSpec.parse({ name: 'app', application: { packages: ['app'], run: { unit: 'a.service' } } }),
      lock,
      treeDigest: 'x',
      console: 'sh: 1: sort: not found',
    },
  );
  expect(gaps).toEqual([{ needs: 'sort', line: 'sh: 1: sort: not found' }]);
});

test('an archive that is away spoils nothing', async () => {
  const away = {
    ...source,
    owners: async () => {
      throw new KilnError('SOURCE_UNAVAILABLE', 'away');
    },
  } as PackageSource;
  expect(await gapsIn('Error: spawn convert ENOENT', away)).toEqual([
    { needs: 'convert', line: 'Error: spawn convert ENOENT' },
  ]);
});
