import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeUsers, usersNamed } from '../../../src/baker/runtime/make-users.ts';
import { imageSpec } from '../../../src/model/spec.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kiln-users-'));
  mkdirSync(join(root, 'etc'));
  const files = {
    passwd: 'root:x:0:0:::\nwww-data:x:33:33:::\ntaken:x:999:999:::\n',
    group: 'root:x:0:\nwww-data:x:33:\ntaken:x:999:\n',
  };
  for (const [name, text] of Object.entries({ ...files, shadow: 'root:*:::::::\n' }))
    writeFileSync(join(root, 'etc', name), text);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const read = (file: string) => readFileSync(join(root, 'etc', file), 'utf8');

test('users that nobody makes get the highest free numbers, no password and no shell', () => {
  expect(makeUsers(root, ['app', 'root', 'www-data', 'zed'])).toEqual(['app', 'zed']);
  expect(read('passwd')).toContain('\napp:x:998:998::/nonexistent:/usr/sbin/nologin\nzed:x:997:997:');
  expect(read('group')).toContain('\napp:x:998:\nzed:x:997:\n');
  expect(read('shadow')).toContain('\napp:!:');
});

test.each([{ name: 'ww-data' }, { name: 'www-date' }])('$name is left to be told: a slip of the pen', ({ name }) => {
  expect(makeUsers(root, [name])).toEqual([]);
});

test('the spec and units of one’s own name them; numbers and DynamicUser do not', () => {
  const unit = (text: string) => ({
    path: `/etc/systemd/system/${text.length}.service`,
    content: `[Service]\n${text}\n`,
  });
  const application = {
    run: { command: ['/x'], user: 'app', directories: [{ path: '/d', owner: 'data', group: '12' }] },
    files: [
      unit('User=hello\nGroup=hi'),
      unit('User=gone\nDynamicUser=yes'),
      { path: '/a', content: '', owner: 'web' },
    ],
  };
  const spec = imageSpec.parse({ name: 'x', application });
  expect(usersNamed(spec, root)).toEqual(['app', 'data', 'hello', 'hi', 'root', 'web']);
});
