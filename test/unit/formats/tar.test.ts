import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readTar, readTarBytes, type TarMember } from '../../../src/formats/archive/tar.ts';
import { openTarTree } from '../../../src/formats/archive/tar-tree.ts';
import { writeTarOfFolder } from '../../../src/formats/archive/tar-writer.ts';
import { makeTar, type TarItem, tarItem } from '../../support/deb.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kiln-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LONG = `${'long/'.repeat(40)}name`;
const listing = (members: Iterable<TarMember>) =>
  [...members].map(
    (it) =>
      `${it.type} ${it.mode.toString(8)} ${it.uid}:${it.gid} ${it.size} ${it.path}${it.target ? ` -> ${it.target}` : ''}`,
  );

/** A folder with every kind of entry that a root tree has. */
function makeFolder(name: string): string {
  const root = join(folder, name);
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  mkdirSync(join(root, LONG, '..'), { recursive: true });
  writeFileSync(join(root, 'usr/bin/a'), 'a'.repeat(1000), { mode: 0o755 });
  linkSync(join(root, 'usr/bin/a'), join(root, 'usr/bin/b'));
  symlinkSync('usr/bin', join(root, 'bin'));
  symlinkSync(LONG, join(root, 'far'));
  writeFileSync(join(root, LONG), 'far away');
  writeFileSync(join(root, 'été'), 'summer');
  writeFileSync(join(root, 'empty'), '');
  return root;
}

describe('a tar of GNU tar is read', () => {
  test.each(['gnu', 'pax', 'ustar'])('format %s', (format) => {
    const root = makeFolder(`from-${format}`);
    const tar = join(folder, `${format}.tar`);
    // ustar has no room for the long link.
    const left = format === 'ustar' ? ['--exclude=./far'] : [];
    execFileSync('tar', [
      `--format=${format}`,
      '--sort=name',
      '--owner=3:3',
      '--group=4:4',
      ...left,
      '-cf',
      tar,
      '-C',
      root,
      '.',
    ]);
    expect(listing(readTar(tar)).filter((line) => !line.startsWith('directory'))).toEqual(
      [
        'symlink 777 3:4 0 /bin -> usr/bin',
        'file 644 3:4 0 /empty',
        format === 'ustar' ? '' : `symlink 777 3:4 0 /far -> ${LONG}`,
        `file 644 3:4 8 /${LONG}`,
        'file 755 3:4 1000 /usr/bin/a',
        'link 755 3:4 0 /usr/bin/b -> /usr/bin/a',
        'file 644 3:4 6 /été',
      ].filter(Boolean),
    );
  });
});

describe('a tar that is written', () => {
  test('is what GNU tar reads, and depends on names, contents, owners and modes alone', async () => {
    const root = makeFolder('one');
    const again = makeFolder('two');
    utimesSync(join(again, 'empty'), 5, 5);
    const [one, two] = await Promise.all(
      [root, again].map((each) => writeTarOfFolder(each, `${each}.tar`, { mtime: 1_700_000_000 })),
    );
    expect(one).toEqual(two);
    const unpacked = join(folder, 'unpacked');
    mkdirSync(unpacked);
    execFileSync('tar', ['-xf', `${root}.tar`, '-C', unpacked]);
    execFileSync('diff', ['-r', '--no-dereference', root, unpacked]);
    expect(openTarTree(`${root}.tar`).read('/bin/b').length).toBe(1000);
  });

  test('keeps extended attributes', async () => {
    const root = makeFolder('xattrs');
    const capability = Buffer.from([1, 0, 0, 2, 0, 0x20, 0, 10, 0x3d]);
    const xattrs = new Map([['/usr/bin/a', new Map([['security.capability', capability]])]]);
    await writeTarOfFolder(root, `${root}.tar`, { mtime: 0, xattrs });
    const members = [...readTar(`${root}.tar`)].filter((it) => it.xattrs.size > 0);
    expect(members.map((it) => [it.path, it.xattrs.get('security.capability')])).toEqual([['/usr/bin/a', capability]]);
  });
});

test('what a header is written with is read again', () => {
  const name = fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 8 });
  const part = (text: string) => text.replace(/[/\0]/g, '_').replace(/^\.+$/, '_');
  const numbers = fc.record({
    mode: fc.nat(0o7777),
    uid: fc.nat(2 ** 31),
    gid: fc.nat(2 ** 31),
    mtime: fc.nat(2 ** 32),
  });
  fc.assert(
    fc.property(name, name, numbers, fc.uint8Array({ maxLength: 1500 }), (path, target, stated, content) => {
      const names = [path, target].map((parts) => parts.map(part).join('/'));
      const tar = makeTar([
        tarItem({ ...stated, name: `./${names[0]}/a` }, content),
        tarItem({ ...stated, name: `./${names[0]}/b`, type: 'symlink', target: names[1] }),
      ]);
      const [file, link] = [...readTarBytes(tar, 'it')];
      expect(file).toMatchObject({ ...stated, path: `/${names[0]}/a`, size: content.length });
      expect(tar.subarray(file!.offset, file!.offset + file!.size)).toEqual(Buffer.from(content));
      expect(link).toMatchObject({ ...stated, path: `/${names[0]}/b`, target: names[1] });
    }),
  );
});

describe('a tar that is not to be trusted is refused', () => {
  const whole = makeTar([tarItem({ name: './a' }, 'text')]);
  const changed = Buffer.from(whole);
  changed[3] = 0x7a;
  test.each<{ summary: string; tar: Buffer; want: string }>([
    { summary: '..', tar: makeTar([tarItem({ name: './a/../../b' })]), want: 'leads out of it' },
    { summary: 'absolute', tar: makeTar([tarItem({ name: '/a' })]), want: 'is absolute' },
    {
      summary: 'hard link out',
      tar: makeTar([tarItem({ name: './a', type: 'link', target: '../b' })]),
      want: 'leads out of it',
    },
    { summary: 'a header that was changed', tar: changed, want: 'wrong checksum' },
    { summary: 'cut in a member', tar: whole.subarray(0, 514), want: 'ends after the file' },
    { summary: 'cut in a header', tar: whole.subarray(0, 300), want: 'ends in the middle' },
    { summary: 'empty', tar: Buffer.alloc(0), want: 'ends in the middle' },
    { summary: 'text', tar: Buffer.from('x'.repeat(2048)), want: 'octal' },
  ])('$summary', ({ tar, want }) => {
    expect(() => [...readTarBytes(tar, 'it')]).toThrow(
      expect.objectContaining({ code: 'PACKAGE_CORRUPT', message: expect.stringContaining(want) }),
    );
  });
});

describe('a tar as a tree', () => {
  const open = (name: string, items: TarItem[]) => {
    const path = join(folder, name);
    writeFileSync(path, makeTar(items));
    return openTarTree(path, { package: 'p' });
  };

  test('shows a hard link as a file with the same bytes, and /lib as /usr/lib', () => {
    const tree = open('links.tar', [
      tarItem({ name: './lib/a' }, 'text'),
      tarItem({ name: './lib/b', type: 'link', target: './lib/a' }),
    ]);
    expect([...tree.entries()].map(({ path, type, size }) => `${type} ${path} ${size}`)).toEqual([
      'directory /usr 0',
      'directory /usr/lib 0',
      'file /usr/lib/a 4',
      'file /usr/lib/b 4',
    ]);
    expect(tree.read('/lib/b', { start: 1, length: 2 }).toString()).toBe('ex');
  });

  test.each([
    {
      summary: 'a file below a link',
      items: [tarItem({ name: './a', type: 'symlink', target: '/etc' }), tarItem({ name: './a/b' })],
    },
    {
      summary: 'in the other order',
      items: [tarItem({ name: './a/b' }), tarItem({ name: './a', type: 'symlink', target: '/etc' })],
    },
    { summary: 'a file below a file', items: [tarItem({ name: './a' }), tarItem({ name: './a/b' })] },
    {
      summary: 'a hard link to what comes later',
      items: [tarItem({ name: './a', type: 'link', target: './b' }), tarItem({ name: './b' })],
    },
  ])('refuses $summary', ({ items }) => {
    expect(() => open('bad.tar', items)).toThrow(expect.objectContaining({ code: 'PACKAGE_CORRUPT' }));
  });
});
