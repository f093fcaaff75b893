import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareVersions } from '../../src/formats/debian/version.ts';

const part = fc.stringMatching(/^[0-9][0-9a-zA-Z.+~]{0,8}$/);
const version = fc
  .tuple(fc.option(fc.integer({ min: 0, max: 3 })), part, fc.option(fc.stringMatching(/^[0-9a-z.+~]{1,5}$/)))
  .map(
    ([epoch, upstream, revision]) =>
      `${epoch === null ? '' : `${epoch}:`}${upstream}${revision === null ? '' : `-${revision}`}`,
  );

test('versions are ordered as dpkg orders them', () => {
  // A few parts only, so that many pairs are equal but for a little.
  const near = fc.array(fc.constantFrom('1', '0', '~', '+', 'a', '.', '10', '-1'), { minLength: 1, maxLength: 5 });
  const versions = [
    ...fc.sample(version, { numRuns: 120, seed: 1 }),
    ...fc.sample(near, { numRuns: 120, seed: 2 }).map((it) => `1${it.join('')}`),
  ];
  versions.sort(compareVersions);
  // dpkg's order is total, so what holds between neighbours holds for all 28,680 pairs.
  const relation = (a: string, b: string): string => (compareVersions(a, b) < 0 ? 'lt' : 'eq');
  const pairs = versions.slice(1).map((it, i) => `${versions[i]} ${relation(versions[i]!, it)} ${it}`);
  const script = 'while read -r a o b; do dpkg --compare-versions "$a" "$o" "$b" || echo "$a $o $b"; done';
  const { stdout, stderr } = spawnSync('sh', ['-c', script], { input: `${pairs.join('\n')}\n`, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout).toBe('');
});

test('comparing is an order', () => {
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)));
      if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0)
        expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
    }),
    { seed: 3, numRuns: 2_000 },
  );
});
