import { describe, expect, test } from 'vitest';
import type { BuildSummary } from '../../../src/app/steps/summary.ts';
import { renderSummary } from '../../../src/cli/render-summary.ts';
import { styleFor } from '../../../src/cli/style.ts';

const plain = styleFor({}, { NO_COLOR: '1' });

const published: BuildSummary = {
  build: { id: 'b1', image: 'nginx', state: 'succeeded' },
  version: {
    image: 'nginx',
    version: 3,
    state: 'available',
    imageId: 'img-nginx-3',
    buildId: 'b1',
    lockDigest: '',
    diskDigest: '',
    treeDigest: '',
    createdAt: '2026-01-01T00:00:00.000Z',
    facts: {
      tree: { staged: { files: 4000, bytes: 100 << 20 }, kept: { files: 350, bytes: 22 << 20 } },
      allocatedBytes: 47 << 20,
      diskBytes: 1 << 30,
    },
  },
  packages: {
    shipped: 31,
    byLayer: { closure: 28, evidence: 1, boot: 2 },
    closureKiB: 32_000,
    proven: true,
    leftOut: 66_453,
    essentialLeftOut: ['bash', 'dpkg'],
  },
  checks: { compliant: 23, notCompliant: 1, notApplicable: 2 },
  noticed: [],
  tests: [{ name: 'GET /', passed: true, firstSuccessMs: 9_100 }],
  machine: 'tcg',
  firstSuccessMs: 9_100,
  grants: [{ image: 'nginx', version: 3, account: '111111111111', region: 'local', grantedAt: '', reason: 'named' }],
  refused: [{ account: '333333333333', reason: 'not named' }],
  steps: [
    {
      step: 'bake',
      startedAt: '2026-01-02T03:04:05.000Z',
      outcome: 'succeeded',
      milliseconds: 33_000,
      detail: 'disk f34f\nmore',
    },
  ],
};

test('a published image: what is in, what was left out, what was proven, who may have it, how long it took', () => {
  expect(renderSummary(published, plain)).toEqual([
    '✓ nginx@3 is baked, proven and published as img-nginx-3',
    '  packages    31: 28 of the application (proven to be the least), 1 on evidence, 2 to boot',
    '  left out    66,453 packages of the archive, 2 Essential ones among them',
    '  files       350 with 22.0 MiB; 78.0 MiB in 3650 files only served to configure it',
    '  disk        47.0 MiB of 1.0 GiB are used',
    '  checks      23 hold, 1 warn, 2 do not apply',
    '  tests       1 of 1 pass against the booted image',
    '  boot        first answer 9.1 s after power on (tcg)',
    '  may launch  111111111111 (named)',
    '  may not     333333333333 (not named)',
    '',
    'step  result       time',
    'bake  succeeded  33.0 s  disk f34f',
    'all              33.0 s',
  ]);
});

test('an account that was given the image since it was built is not told to have none', () => {
  const again = { ...published, refused: [{ account: '111111111111', reason: 'not known' }] };
  expect(renderSummary(again, plain).filter((it) => it.includes('111111111111'))).toEqual([
    '  may launch  111111111111 (named)',
  ]);
});

describe('other ends', () => {
  test.each([
    {
      summary: 'unchanged',
      change: { build: { id: 'b2', image: 'nginx', state: 'unchanged', detail: 'same lock as nginx@3' } },
      says: ['✓ nginx: nothing changed, so there is nothing to bake', '    same lock as nginx@3'],
    },
    {
      summary: 'refused',
      change: { build: { id: 'b2', image: 'nginx', state: 'refused', detail: 'validate: setuid-files: /bin/su' } },
      says: [
        '✗ nginx is refused, and nobody can launch it',
        '    validate: setuid-files: /bin/su',
        '  checks      23 hold, 1 not, 2 do not apply',
      ],
    },
    {
      summary: 'a test that failed',
      change: { tests: [{ name: 'GET /', passed: false, detail: 'answered 502' }] },
      says: ['  tests       0 of 1 pass against the booted image', '    GET /: answered 502'],
    },
  ] satisfies { summary: string; change: Partial<BuildSummary>; says: string[] }[])('$summary', ({ change, says }) => {
    const lines = renderSummary({ ...published, version: undefined, ...change }, plain);
    expect(lines).toEqual(expect.arrayContaining(says));
  });
});
