import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applicationTree } from '../../../../src/app/application/tree.ts';
import { imageSpec } from '../../../../src/model/spec.ts';
import { makeDeb, makeTar, tarItem } from '../../../support/deb.ts';

const folder = mkdtempSync(join(tmpdir(), 'kiln-tree-'));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(() => {
  mkdirSync(join(folder, 'app/bin'), { recursive: true });
  writeFileSync(join(folder, 'app/bin/start'), '#!/bin/sh\n');
  chmodSync(join(folder, 'app/bin/start'), 0o4755);
  symlinkSync('bin/start', join(folder, 'app/start'));
  writeFileSync(join(folder, 'app.tar'), makeTar([tarItem({ name: 'bin/start', mode: 0o755 }, 'tar')]));
  writeFileSync(join(folder, 'own.deb'), makeDeb({ name: 'own', files: { '/bin/own': 'deb' } }));
  writeFileSync(join(folder, 'server'), 'binary');
});

test.each([
  {
    summary: 'a folder, its bin in its place',
    application: { from: { path: 'app' } },
    want: ['/opt/app/bin/start 755', '/opt/app/start -> bin/start'],
  },
  {
    summary: 'a tar elsewhere',
    application: { from: { path: 'app.tar', into: '/srv/app' } },
    want: ['/srv/app/bin/start 755'],
  },
  { summary: 'a .deb, usr-merged', application: { from: { path: 'own.deb' } }, want: ['/usr/bin/own 644'] },
  { summary: 'a binary', application: { from: { path: 'server', into: '/bin' } }, want: ['/usr/bin/server 755'] },
  {
    summary: 'files over it, and a folder',
    application: {
      from: { path: 'app' },
      files: [
        { path: '/opt/app/start', content: 'own' },
        { path: '/etc/app', source: 'app' },
      ],
    },
    want: ['/etc/app/bin/start 755', '/etc/app/start -> bin/start', '/opt/app/bin/start 755', '/opt/app/start 644'],
  },
])('the image will have $summary', ({ application, want }) => {
  const run = { command: ['/opt/app/start'] };
  const tree = applicationTree(imageSpec.parse({ name: 'app', application: { ...application, run } }), folder);
  const listed = [...tree.entries()].filter((it) => it.type !== 'directory');
  expect(listed.map((it) => `${it.path} ${it.target ? `-> ${it.target}` : it.mode.toString(8)}`)).toEqual(want);
});

test('parts of a file are read as parts', () => {
  const run = { command: ['/opt/app/start'] };
  const spec = imageSpec.parse({ name: 'app', application: { from: { path: 'app' }, run } });
  const tree = applicationTree(spec, folder);
  expect(tree.read('/opt/app/start', { start: 2, length: 4 }).toString()).toBe('/bin');
  expect(tree.read('/opt/app/start').toString()).toBe('#!/bin/sh\n');
});
