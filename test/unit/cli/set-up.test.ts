import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { missingOptionalPackages } from '../../../scripts/complete-lock.mjs';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

test('package-lock.json is whole, so that npm ci takes it (else: node scripts/complete-lock.mjs)', () => {
  expect(missingOptionalPackages(JSON.parse(read('package-lock.json')).packages)).toEqual([]);
});

test('no lock names the registry that it was made with', () => {
  expect(read('package-lock.json')).not.toContain('"resolved"');
});

test('every Debian package is listed once and says why', () => {
  const groups: Record<string, { name: string; why: string }[]> = JSON.parse(read('scripts/debian-packages.json'));
  const all = Object.values(groups).flat();
  expect(new Set(all.map((it) => it.name)).size).toBe(all.length);
  expect(all.filter((it) => it.why.length < 10)).toEqual([]);
});

test('what npm runs after the set-up is started by the Node that the set-up installed', () => {
  // A shell remembers where it found `node` before the set-up, and an older Node reads no TypeScript.
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const started = Object.values(scripts).flatMap((script) => script.split(' && '));
  const byAnotherNode = started.filter((it) => /^node /.test(it) && !it.startsWith('node scripts/setup.mjs'));
  expect(byAnotherNode).toEqual([]);
});
