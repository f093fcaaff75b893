import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readControl, readDebLayout } from '../../../src/formats/archive/deb.ts';
import { parseSourcesList, parseSourcesStanzas } from '../../../src/formats/debian/apt-sources.ts';
import { parseRelease, priorityOf, releaseOfCodename } from '../../../src/formats/debian/release.ts';
import { type DebSource, makeAr, makeDeb } from '../../support/deb.ts';

const told = (archives: ReturnType<typeof parseSourcesList>) =>
  archives.map((it) =>
    [it.uri, it.suite, it.components.join('+'), it.architectures?.join('+'), it.signedBy?.files.join('+')]
      .join(' ')
      .trimEnd(),
  );

describe('sources.list', () => {
  test.each([
    {
      summary: 'plain',
      text: 'deb http://a/debian bookworm main contrib',
      want: ['http://a/debian/ bookworm main+contrib'],
    },
    {
      summary: 'options',
      text: 'deb [arch=amd64,i386 signed-by=/k.gpg trusted=yes] http://a/ s main',
      want: ['http://a/ s main amd64+i386 /k.gpg'],
    },
    {
      summary: 'comments, sources, empty lines',
      text: '# deb http://a b c\n\ndeb-src http://a b c\ndeb http://a b c # end',
      want: ['http://a/ b c'],
    },
    { summary: 'flat', text: 'deb http://a/ ./', want: ['http://a/ ./'] },
  ])('$summary', ({ text, want }) => {
    expect(told(parseSourcesList(text, 'f'))).toEqual(want);
  });

  test.each(['deb http://a', 'rpm http://a b c', 'deb http://a b', 'deb [arch=x http://a b c', 'deb http://a ./ main'])(
    'refuses %s, naming the line',
    (text) => {
      expect(() => parseSourcesList(`\n${text}`, '/etc/f.list')).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('/etc/f.list:2') }),
      );
    },
  );
});

describe('deb822 sources', () => {
  const KEY = ' -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n -----END PGP PUBLIC KEY BLOCK-----';
  test.each([
    {
      summary: 'every suite of every URI',
      text: 'Types: deb deb-src\nURIs: http://a http://b\nSuites: s t\nComponents: main',
      want: ['http://a/ s main', 'http://a/ t main', 'http://b/ s main', 'http://b/ t main'],
    },
    {
      summary: 'names in any case, values over lines',
      text: 'types: deb\nuris:\n http://a\nsuites: s\ncomponents: main\n contrib',
      want: ['http://a/ s main+contrib'],
    },
    { summary: 'disabled', text: 'Enabled: no\nTypes: deb\nURIs: http://a\nSuites: s\nComponents: main', want: [] },
    { summary: 'sources only', text: 'Types: deb-src\nURIs: http://a\nSuites: s\nComponents: main', want: [] },
    {
      summary: 'keyrings',
      text: 'Types: deb\nURIs: http://a\nSuites: s\nComponents: main\nSigned-By: /a.gpg, /b.gpg',
      want: ['http://a/ s main  /a.gpg+/b.gpg'],
    },
  ])('$summary', ({ text, want }) => {
    expect(told(parseSourcesStanzas(text, 'f'))).toEqual(want);
  });

  test('a key inline, fingerprints', () => {
    const [inline] = parseSourcesStanzas(
      `Types: deb\nURIs: http://a\nSuites: s\nComponents: main\nSigned-By:\n${KEY}`,
      'f',
    );
    expect(inline!.signedBy!.inline).toBe(
      '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc\n-----END PGP PUBLIC KEY BLOCK-----',
    );
    const [named] = parseSourcesStanzas(
      'Types: deb\nURIs: http://a\nSuites: s\nComponents: main\nSigned-By: 0a1b!',
      'f',
    );
    expect(named!.signedBy).toEqual({ files: [], fingerprints: ['0A1B'] });
  });

  test.each(['Types: deb\nSuites: s\nComponents: main', 'Types: deb\nURIs: http://a\nSuites: s', 'nonsense'])(
    'refuses %j',
    (text) => {
      expect(() => parseSourcesStanzas(text, '/etc/f.sources')).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('/etc/f.sources') }),
      );
    },
  );
});

describe('Release', () => {
  const HASH = 'a'.repeat(64);
  const text = (more = '') =>
    `Origin: Debian\nSuite: stable\nCodename: bookworm\nDate: Sat, 11 Jul 2026 10:16:37 UTC\n${more}SHA256:\n ${HASH}  12 main/binary-amd64/Packages\n`;
  test('states times, files and how it is to be used', () => {
    const release = parseRelease(
      text('Valid-Until: Sun, 12 Jul 2026 10:16:37 UTC\nAcquire-By-Hash: yes\nArchitectures: all amd64\n'),
      'it',
    );
    expect(new Date(release.date).toISOString()).toBe('2026-07-11T10:16:37.000Z');
    expect(release).toMatchObject({
      validUntil: release.date + 86_400_000,
      acquireByHash: true,
      allInEachIndex: false,
    });
    expect(release.files.get('main/binary-amd64/Packages')).toEqual({ sha256: HASH, sizeBytes: 12 });
  });

  test.each([
    { codename: 'bookworm', want: 'bookworm' },
    { codename: 'bookworm-security', want: 'bookworm' },
    { codename: 'bookworm/updates', want: 'bookworm' },
  ])('$codename is of $want', ({ codename, want }) => expect(releaseOfCodename(codename)).toBe(want));

  test.each([
    { more: '', want: 500 },
    { more: 'NotAutomatic: yes\n', want: 1 },
    { more: 'NotAutomatic: yes\nButAutomaticUpgrades: yes\n', want: 100 },
  ])('priority $want for "$more"', ({ more, want }) => expect(priorityOf(parseRelease(text(more), 'it'))).toBe(want));

  test.each(['', 'Origin: x\n', 'Date: never\nSHA256:\n', text().replace(HASH, 'zz')])('refuses %j', (bad) => {
    expect(() => parseRelease(bad, 'it')).toThrow(expect.objectContaining({ code: 'INDEX_CORRUPT' }));
  });
});

describe('.deb', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kiln-test-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const read = (bytes: Buffer) => {
    const path = join(folder, 'it.deb');
    writeFileSync(path, bytes);
    return readControl(path, readDebLayout(path));
  };

  test.each<DebSource['compression']>(['xz', 'gz', 'zst', ''])('control files are read: %j', (compression) => {
    const control = read(
      makeDeb({ name: 'app', scripts: { postinst: '#!/bin/sh\n' }, conffiles: ['/etc/app'], compression }),
    );
    expect([...control.keys()].sort()).toEqual(['conffiles', 'control', 'md5sums', 'postinst']);
    expect(control.get('control')!.toString()).toMatch(/^Package: app\n/);
  });

  const good = makeDeb({ name: 'app' });
  const part = (name: string, content = 'x') => ({ name, content: Buffer.from(content) });
  test.each([
    { summary: 'not an archive', bytes: Buffer.from('hello') },
    { summary: 'empty', bytes: Buffer.alloc(0) },
    { summary: 'cut', bytes: good.subarray(0, good.length - 10) },
    { summary: 'format 3', bytes: makeAr([part('debian-binary', '3.0\n'), part('control.tar'), part('data.tar')]) },
    { summary: 'without data', bytes: makeAr([part('debian-binary', '2.0\n'), part('control.tar')]) },
    {
      summary: 'compressed as nobody does',
      bytes: makeAr([part('debian-binary', '2.0\n'), part('control.tar.rar'), part('data.tar')]),
    },
    {
      summary: 'xz that is none',
      bytes: makeAr([part('debian-binary', '2.0\n'), part('control.tar.xz'), part('data.tar')]),
    },
    {
      summary: 'no control file',
      bytes: makeAr([
        part('debian-binary', '2.0\n'),
        { name: 'control.tar', content: Buffer.alloc(1024) },
        part('data.tar'),
      ]),
    },
  ])('refuses one that is $summary', ({ bytes }) => {
    expect(() => read(bytes)).toThrow(expect.objectContaining({ code: 'PACKAGE_CORRUPT' }));
  });
});
