import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { normalise } from '../../../src/baker/tree/normalise.ts';
import { ownersOf } from '../../../src/baker/tree/owners.ts';
import { removeAt } from '../../../src/baker/tree/unpack-tree.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kiln-owners-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, content: string | Buffer = '') {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

test('owners are read from dpkg’s lists: usr-merged, any architecture, diversions applied', () => {
  write('/var/lib/dpkg/info/dash.list', '/.\n/bin\n/bin/sh\n/usr/share/doc\n');
  write('/var/lib/dpkg/info/shell:amd64.list', '/usr/bin/sh\n/usr/share/doc\n');
  write('/var/lib/dpkg/diversions', '/bin/sh\n/bin/sh.distrib\nshell\n');
  expect(Object.fromEntries(ownersOf(root))).toEqual({
    '/usr/bin': ['dash'],
    '/usr/bin/sh.distrib': ['dash'],
    '/usr/bin/sh': ['shell'],
    '/usr/share/doc': ['dash', 'shell'],
  });
});

test('every time stamp becomes the lock’s, links’ too; bytecode that hangs on one goes', () => {
  const bytecode = (flags: number) => Buffer.from([0xa7, 0x0d, 0x0d, 0x0a, flags, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
  write('/usr/lib/app/__pycache__/dated.cpython-311.pyc', bytecode(0));
  write('/usr/lib/app/__pycache__/hashed.cpython-311.pyc', bytecode(3));
  symlinkSync('nowhere', join(root, 'link'));
  normalise(root, 1_000_000);
  expect(readdirSync(join(root, 'usr/lib/app/__pycache__'))).toEqual(['hashed.cpython-311.pyc']);
  for (const path of ['', 'link', 'usr', 'usr/lib/app/__pycache__', 'usr/lib/app/__pycache__/hashed.cpython-311.pyc']) {
    expect(lstatSync(join(root, path)).mtimeMs).toBe(1_000_000_000);
  }
});

test('nothing is removed through a link', () => {
  write('/outside/file');
  symlinkSync('outside', join(root, 'inside'));
  removeAt(root, '/inside/file');
  expect(readdirSync(join(root, 'outside'))).toEqual(['file']);
  removeAt(root, '/outside');
  expect(readdirSync(root)).toEqual(['inside']);
});
