import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { folderTree } from '../../../src/formats/tree/folder-tree.ts';
import { type MemoryFile, memoryTree } from '../../../src/formats/tree/memory-tree.ts';
import { unionTree } from '../../../src/formats/tree/union-tree.ts';
import type { FileTree } from '../../../src/model/file-tree.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kiln-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LINKS: Record<string, MemoryFile> = {
  '/usr/bin/tool': 'tool',
  '/usr/lib/x/data': 'data',
  '/usr/lib/now': { target: 'x' },
  '/etc/absolute': { target: '/lib/now/data' },
  '/etc/relative': { target: '../usr/lib/x/../now/data' },
  '/etc/up': { target: '../../../../../../usr/bin/tool' },
  '/etc/loop': { target: 'loop' },
  '/etc/away': { target: '/nowhere' },
  '/bin': { target: 'usr/bin' },
};
let places = 0;

function asFolder(files: Record<string, MemoryFile>): FileTree {
  const root = join(folder, `root-${++places}`);
  for (const [path, file] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (typeof file === 'string') writeFileSync(join(root, path), file);
    else symlinkSync((file as { target: string }).target, join(root, path));
  }
  return folderTree(root);
}

describe.each([
  { summary: 'in memory', make: (files: Record<string, MemoryFile>) => memoryTree(files) },
  { summary: 'of a folder', make: asFolder },
  {
    summary: 'of a union',
    make: (files: Record<string, MemoryFile>) => unionTree([memoryTree({ '/srv/a': 'a' }), memoryTree(files)]),
  },
])('a tree $summary', ({ make }) => {
  let tree: FileTree;
  beforeAll(() => {
    tree = make(LINKS);
  });

  test.each([
    { path: '/usr/bin/tool', to: '/usr/bin/tool' },
    { path: '/bin/tool', to: '/usr/bin/tool' },
    { path: '/bin', to: '/usr/bin' },
    { path: '/lib/x', to: '/usr/lib/x' },
    { path: '/usr/lib/now/data', to: '/usr/lib/x/data' },
    { path: '/etc/absolute', to: '/usr/lib/x/data' },
    { path: '/etc/relative', to: '/usr/lib/x/data' },
    { path: '/etc/up', to: '/usr/bin/tool' },
    { path: '//usr/./bin//tool', to: '/usr/bin/tool' },
    { path: '/', to: '/' },
    { path: '/etc/loop', to: undefined },
    { path: '/etc/away', to: undefined },
    { path: '/usr/bin/tool/below', to: undefined },
  ])('$path leads to $to', ({ path, to }) => {
    expect(tree.resolve(path)?.path).toBe(to);
  });

  test('lookup stops at the last link, and follows those before it', () => {
    expect(tree.lookup('/etc/loop')).toMatchObject({ path: '/etc/loop', type: 'symlink', target: 'loop' });
    expect(tree.lookup('/usr/lib/now/data')).toMatchObject({ path: '/usr/lib/x/data', type: 'file', size: 4 });
    expect(tree.lookup('/bin')).toMatchObject({ path: '/bin', type: 'symlink' });
  });

  test('lists and reads through links', () => {
    expect(tree.list('/lib/now')).toEqual(['data']);
    expect(tree.list('/etc')).toEqual(['absolute', 'away', 'loop', 'relative', 'up']);
    expect(tree.list('/none')).toEqual([]);
    expect(tree.read('/etc/absolute').toString()).toBe('data');
    expect(tree.read('/etc/absolute', { start: 2, length: 99 }).toString()).toBe('ta');
    expect(tree.read('/etc/absolute', { start: 9, length: 1 }).toString()).toBe('');
    expect(() => tree.read('/etc/away')).toThrow();
    expect(() => tree.read('/usr')).toThrow();
  });

  test('states every entry once, sorted', () => {
    const paths = [...tree.entries()].map(({ path }) => path);
    expect(paths).toEqual([...new Set(paths)].sort());
    expect(paths).toEqual(expect.arrayContaining(Object.keys(LINKS)));
  });
});

test('a folder’s own /bin is read as /usr/bin', () => {
  const tree = asFolder({ '/bin/a': 'a', '/usr/bin/b': 'b', '/lib/c': 'c' });
  expect([...tree.entries()].map(({ path }) => path)).toEqual([
    '/usr',
    '/usr/bin',
    '/usr/bin/a',
    '/usr/bin/b',
    '/usr/lib',
    '/usr/lib/c',
  ]);
  expect(tree.read('/bin/a').toString()).toBe('a');
  expect(tree.list('/usr/bin')).toEqual(['a', 'b']);
});

test('a folder’s links never lead out of it', () => {
  const tree = asFolder({ '/out': { target: dirname(folder) }, '/host': { target: '/' }, '/file': 'x' });
  expect(tree.resolve('/out')).toBeUndefined();
  expect(tree.list('/host')).toEqual(['file', 'host', 'out']);
});

describe('a union', () => {
  test('takes the later of two files, and merges directories', () => {
    const tree = unionTree([
      memoryTree({ '/etc/a': 'one', '/etc/b': 'one' }, { package: 'one' }),
      memoryTree({ '/etc/b': 'two', '/etc/c': 'two' }, { package: 'two' }),
    ]);
    expect(['a', 'b', 'c'].map((name) => tree.read(`/etc/${name}`).toString())).toEqual(['one', 'two', 'two']);
    expect(tree.lookup('/etc/b')?.package).toBe('two');
  });

  test('has /bin and its kind where /usr has the directory', () => {
    const tree = unionTree([memoryTree({ '/bin/sh': 'sh', '/lib64/ld': 'ld' })]);
    expect([...tree.entries()].map(({ path, target }) => `${path} ${target ?? ''}`)).toEqual([
      '/bin usr/bin',
      '/lib64 usr/lib64',
      '/usr ',
      '/usr/bin ',
      '/usr/bin/sh ',
      '/usr/lib64 ',
      '/usr/lib64/ld ',
    ]);
  });

  test.each([{ order: 'link first' }, { order: 'directory first' }])(
    'a link to a directory stays, what others ship below it moves: $order',
    ({ order }) => {
      const trees = [
        memoryTree({ '/var/run': { target: '/run' }, '/run': {} }),
        memoryTree({ '/var/run/app/pid': '1' }, { package: 'app' }),
      ];
      const tree = unionTree(order === 'link first' ? trees : trees.reverse());
      expect(tree.lookup('/var/run')?.type).toBe('symlink');
      expect(tree.resolve('/var/run/app/pid')).toMatchObject({ path: '/run/app/pid', package: 'app' });
      expect(tree.read('/run/app/pid').toString()).toBe('1');
    },
  );

  test('a stated directory’s mode counts, an implied one’s does not', () => {
    const tree = unionTree([memoryTree({ '/tmp': { mode: 0o1777 } }), memoryTree({ '/tmp/file': '' })]);
    expect(tree.lookup('/tmp')?.mode).toBe(0o1777);
  });
});
