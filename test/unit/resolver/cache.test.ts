import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadUniverse } from '../../../src/resolver/universe/load-universe.ts';
import type { Universe } from '../../../src/resolver/universe/universe.ts';
import { makeIndex, packagesText } from '../../support/universe.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kiln-cache-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const LINE = {
  'a 1:2': 'b (>= 1) | v; pre c; size 7; multi allowed',
  b: '; provides v (= 3), w',
  c: '; conflicts d; essential yes',
  'b#2 2': '',
};

function open(line: Record<string, string> = LINE, sha256 = '1'.repeat(64)): Universe {
  const path = join(folder, 'Packages');
  writeFileSync(path, packagesText(line));
  return loadUniverse(join(folder, 'cache'), [{ ...makeIndex('bookworm'), path, sha256 }], 'amd64');
}

/** All that a universe can be asked. */
function contents(universe: Universe): unknown {
  const names = [...universe.names()];
  const fields = ['Depends', 'Pre-Depends', 'Conflicts', 'Provides'] as const;
  return {
    size: universe.size,
    packages: names.map((name) =>
      universe
        .versions(name)
        .map((it) => [it, universe.multiArch(it), fields.map((field) => universe.relations(it, field))]),
    ),
    providers: ['v', 'w', 'x'].map((name) => universe.providers(name)),
    essential: universe.essential(),
  };
}

const cached = (): string => join(folder, 'cache', readdirSync(join(folder, 'cache'))[0]!);

test('a cached universe says what the first one said', () => {
  const first = contents(open());
  const written = readFileSync(cached());
  expect(contents(open())).toEqual(first);
  expect(readFileSync(cached()).equals(written)).toBe(true);
});

test('other indexes have a cache of their own', () => {
  open();
  const other = open({ z: '' }, '2'.repeat(64));
  expect([...other.names()]).toEqual(['z']);
  expect(readdirSync(join(folder, 'cache'))).toHaveLength(2);
});

test('whatever byte is damaged, nothing wrong is said, and the cache is made again', () => {
  const want = contents(open());
  const good = readFileSync(cached());
  for (let at = 0; at < good.length; at += 7) {
    const bad = Buffer.from(good);
    bad[at]! ^= 0x15;
    writeFileSync(cached(), bad);
    expect(contents(open())).toEqual(want);
    expect(readFileSync(cached()).equals(good)).toBe(true);
  }
});

test.each([0, 1, 11, 12, 200])('a cache cut off at byte %i is made again', (length) => {
  const want = contents(open());
  const good = readFileSync(cached());
  writeFileSync(cached(), good.subarray(0, length));
  expect(contents(open())).toEqual(want);
  expect(readFileSync(cached()).equals(good)).toBe(true);
});
