import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readPackagesFiles } from '../../../../src/app/impact/packages-files.ts';
import { sha256 } from '../../../../src/model/canonical.ts';

import { compress } from '../../../support/deb.ts';
import { makeIndex, packagesText } from '../../../support/universe.ts';

const TEXT = Buffer.from(packagesText({ nginx: 'libc6', libc6: '' }));
const XZ = compress(TEXT, 'xz');
const OLDER = Buffer.from(packagesText({ nginx: '' }));
const now = [makeIndex('bookworm'), makeIndex('bookworm-security')];

/** An LZ4 frame whose one block is not compressed. */
function lz4(text: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE((text.length | 0x80000000) >>> 0);
  return Buffer.concat([Buffer.from('04224d18604000', 'hex'), length, text, Buffer.alloc(4)]);
}

function folderOf(files: Readonly<Record<string, Buffer>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'kiln-since-'));
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return folder;
}

const MIRROR = 'dists/bookworm/main/binary-amd64';
const byHash = (bytes: Buffer): string => `${MIRROR}/by-hash/SHA256/${sha256(bytes)}`;

test.each([
  { summary: 'plain', files: { Packages: TEXT }, like: ['bookworm'] },
  { summary: 'gzip', files: { 'Packages.gz': gzipSync(TEXT) }, like: ['bookworm'] },
  { summary: 'xz', files: { 'Packages.xz': XZ }, like: ['bookworm'] },
  { summary: 'zstd', files: { 'Packages.zst': zstdCompressSync(TEXT) }, like: ['bookworm'] },
  {
    summary: 'lz4, as apt keeps it',
    files: { 'archive_dists_bookworm_main_binary-amd64_Packages.lz4': lz4(TEXT) },
    like: ['bookworm'],
  },
  {
    summary: 'one index in three forms counts once',
    files: { 'a/Packages': TEXT, 'a/Packages.gz': gzipSync(TEXT), 'a/Packages.xz': XZ },
    like: ['bookworm'],
  },
  {
    summary: 'by hash, in two forms, a Release beside it',
    files: {
      [byHash(gzipSync(TEXT))]: gzipSync(TEXT),
      [byHash(TEXT)]: TEXT,
      [byHash(Buffer.from('Archive: stable\n'))]: Buffer.from('Archive: stable\n'),
    },
    like: ['bookworm'],
  },
  {
    summary: 'by name counts before by hash',
    files: { [`${MIRROR}/Packages.xz`]: XZ, [byHash(OLDER)]: OLDER },
    like: ['bookworm'],
  },
  {
    summary: 'a mirror, without what the sources do not have',
    files: {
      [`${MIRROR}/Packages.xz`]: XZ,
      'dists/bookworm-security/main/binary-amd64/Packages.gz': gzipSync(TEXT),
      'dists/bookworm/contrib/binary-amd64/Packages': OLDER,
      'dists/bookworm/main/binary-arm64/Packages': OLDER,
      'dists/bookworm/main/debian-installer/binary-amd64/Packages': OLDER,
      'dists/trixie/main/binary-amd64/Packages': OLDER,
    },
    like: ['bookworm-security', 'bookworm'],
  },
])('reads Packages: $summary', ({ files, like }) => {
  const found = readPackagesFiles(folderOf(files as Record<string, Buffer>), now, 'amd64');
  expect(found.map((it) => it.like.codename)).toEqual(like);
  for (const { text } of found) expect(text.toString()).toBe(TEXT.toString());
});

test.each([
  { summary: 'no such file', files: { 'notes.txt': TEXT }, says: 'no Packages file of these sources' },
  {
    summary: 'only another release',
    files: { 'dists/trixie/main/binary-amd64/Packages': TEXT },
    says: 'no Packages file of these sources',
  },
  {
    summary: 'a file that is cut',
    files: { 'Packages.gz': gzipSync(TEXT).subarray(0, 30) },
    says: 'Packages.gz cannot be read: unexpected end of file',
  },
  {
    summary: 'two states by hash',
    files: { [byHash(TEXT)]: TEXT, [byHash(OLDER)]: OLDER },
    says: 'several states of one index',
  },
])('says what is wrong: $summary', ({ files, says }) => {
  expect(() => readPackagesFiles(folderOf(files as Record<string, Buffer>), now, 'amd64')).toThrow(says);
});
