import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { layApplication } from '../../../src/baker/application/application-files.ts';
import { makeAlways } from '../../../src/baker/prune/always.ts';
import { normaliseShadow } from '../../../src/baker/tree/normalise.ts';
import { folderTree } from '../../../src/formats/tree/folder-tree.ts';
import { imageSpec } from '../../../src/model/spec.ts';
import { makeDeb, makeTar, tarItem } from '../../support/deb.ts';

let folder: string;
let root: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kiln-files-'));
  root = join(folder, 'root');
  mkdirSync(join(root, 'etc'), { recursive: true });
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:::\nweb:x:33:33:::\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nweb:x:33:\n');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const specOf = (application: object) =>
  imageSpec.parse({ name: 'app', application: { run: { command: ['/opt/app/start'] }, ...application } });

function lay(application: object): string[] {
  layApplication(root, specOf(application), folder);
  const laid = [...folderTree(root).entries()].filter((it) => !it.path.startsWith('/etc'));
  return laid.map(
    (it) => `${it.path} ${it.type} ${it.mode.toString(8)} ${it.uid}:${it.gid}${it.target ? ` -> ${it.target}` : ''}`,
  );
}

function makeApplication() {
  mkdirSync(join(folder, 'app/bin'), { recursive: true });
  writeFileSync(join(folder, 'app/bin/start'), '#!/bin/sh\n');
  chmodSync(join(folder, 'app/bin/start'), 0o4755);
  symlinkSync('bin/start', join(folder, 'app/start'));
}

test('a folder goes where the spec says, bin and all, and sets no user id', () => {
  makeApplication();
  expect(lay({ from: { path: 'app', into: '/opt/app', owner: 'web', group: 'web' } })).toEqual([
    '/opt directory 755 0:0',
    '/opt/app directory 755 33:33',
    '/opt/app/bin directory 755 33:33',
    '/opt/app/bin/start file 755 33:33',
    '/opt/app/start symlink 777 33:33 -> bin/start',
  ]);
});

test.each([
  { summary: 'a tar', name: 'app.tar', pack: (tar: Buffer) => tar },
  { summary: 'a compressed tar', name: 'app.tar.gz', pack: gzipSync },
  { summary: 'a tgz', name: 'app.tgz', pack: gzipSync },
])('$summary is unpacked there', ({ name, pack }) => {
  const items = [
    tarItem({ name: './bin/', type: 'directory', mode: 0o755 }),
    tarItem({ name: './bin/start', mode: 0o755 }, 'x'),
  ];
  writeFileSync(
    join(folder, name),
    pack(makeTar([...items, tarItem({ name: './again', type: 'link', target: './bin/start' })])),
  );
  expect(lay({ from: { path: name } }).slice(2)).toEqual([
    '/opt/app/again file 644 0:0',
    '/opt/app/bin directory 755 0:0',
    '/opt/app/bin/start file 755 0:0',
  ]);
  expect(readFileSync(join(root, 'opt/app/again'), 'utf8')).toBe('x');
});

test('a .deb’s files go to their own places', () => {
  writeFileSync(join(folder, 'own.deb'), makeDeb({ name: 'own', files: { '/bin/own': '#!/bin/sh\n' } }));
  expect(lay({ from: { path: 'own.deb' } })).toContain('/usr/bin/own file 755 0:0');
});

test('a binary goes under its name', () => {
  writeFileSync(join(folder, 'server'), 'ELF');
  expect(lay({ from: { path: 'server' } })).toContain('/opt/app/server file 755 0:0');
});

test('files have the mode and owner that the spec gives them, and replace what is there', () => {
  mkdirSync(join(root, 'usr/share'), { recursive: true });
  writeFileSync(join(root, 'usr/share/a'), 'theirs');
  writeFileSync(join(folder, 'own'), 'own');
  const files = [
    { path: '/usr/share/a', content: 'mine', mode: '0600', owner: 'web', group: '7' },
    { path: '/usr/share/b', source: 'own' },
  ];
  expect(lay({ files })).toEqual(expect.arrayContaining(['/usr/share/a file 600 33:7', '/usr/share/b file 644 0:0']));
  expect(readFileSync(join(root, 'usr/share/a'), 'utf8')).toBe('mine');
});

test.each([
  {
    summary: 'a source that is not there',
    application: { files: [{ path: '/x', source: 'nothing' }] },
    code: 'NOT_FOUND',
  },
  {
    summary: 'a user that is not there',
    application: { files: [{ path: '/x', content: '', owner: 'nobody' }] },
    code: 'NOT_FOUND',
  },
  { summary: 'an archive that leads out', application: { from: { path: 'evil.tar' } }, code: 'PACKAGE_CORRUPT' },
  { summary: 'a place below a link', application: { files: [{ path: '/link/x', content: '' }] }, code: 'REFUSED' },
])('$summary is refused', ({ application, code }) => {
  writeFileSync(join(folder, 'evil.tar'), makeTar([tarItem({ name: '../evil' }, 'x')]));
  symlinkSync(folder, join(root, 'link'));
  expect(() => lay(application)).toThrow(expect.objectContaining({ code }));
});

test('every tree has its folders, links and accounts; what is there stays', () => {
  const made = makeAlways(root, specOf({ packages: ['app'] }));
  expect(made).toEqual(expect.arrayContaining(['/bin', '/etc/hosts', '/etc/shadow', '/tmp', '/var/run', '/var/spool']));
  expect(made).not.toContain('/etc/passwd');
  expect(folderTree(root).lookup('/etc/shadow')).toMatchObject({ mode: 0o600 });
  expect(makeAlways(root, specOf({ packages: ['app'] }))).toEqual([]);
});

test('the day of a password’s last change is the tree’s, where there is one', () => {
  writeFileSync(join(root, 'etc/shadow'), 'root:*:20000:0:99999:7:::\nweb:!:::::::\n', { mode: 0o640 });
  normaliseShadow(root, 86_400 * 20_454);
  expect(readFileSync(join(root, 'etc/shadow'), 'utf8')).toBe('root:*:20454:0:99999:7:::\nweb:!:::::::\n');
  expect(folderTree(root).lookup('/etc/shadow')).toMatchObject({ mode: 0o640 });
});
