import { expect, test } from 'vitest';
import type { ImageReport } from '../../../src/app/report/image-report.ts';
import { html } from '../../../src/cli/report/html.ts';
import { renderPage } from '../../../src/cli/report/page.ts';

const digest = '0'.repeat(64);

const report: ImageReport = {
  version: {
    image: 'web',
    version: 4,
    state: 'available',
    imageId: 'img-web-4',
    buildId: 'web-1',
    lockDigest: digest,
    diskDigest: digest,
    treeDigest: digest,
    createdAt: '2026-01-02T03:04:05.000Z',
    facts: {
      ukiBytes: 2_000_000,
      allocatedBytes: 8_388_608,
      diskBytes: 1_073_741_824,
      tree: {
        kept: { files: 12, bytes: 3_145_728 },
        removed: [{ rule: 'logs', what: 'logs', why: 'not of the machine', files: 3, bytes: 2048 }],
      },
    },
  },
  summary: {
    build: { id: 'web-1', image: 'web', state: 'succeeded' },
    packages: {
      shipped: 2,
      byLayer: { closure: 2 },
      closureKiB: 3072,
      proven: true,
      leftOut: 5,
      essentialLeftOut: [],
    },
    checks: { compliant: 1, notCompliant: 1, notApplicable: 0 },
    tests: [{ name: 'GET /?a=1&b=<2>', passed: true }],
    noticed: [],
    grants: [{ image: 'web', version: 4, account: '111111111111', region: 'local', grantedAt: '', reason: 'approved' }],
    refused: [],
    steps: [
      { step: 'bake', outcome: 'succeeded', startedAt: '2026-01-02T03:04:05.000Z', milliseconds: 6_000 },
      { step: 'test', outcome: 'succeeded', startedAt: '2026-01-02T03:04:11.000Z', milliseconds: 2_000 },
    ],
  },
  packages: [
    { name: 'big', version: '2-1', layer: 'closure', files: 3, bytes: 3_000_000, why: ['asked for by application'] },
    { name: 'small', version: '1', layer: 'boot', files: 1, bytes: 100_000, why: ['booting: the init'] },
  ],
  ownBytes: 45_728,
  verdicts: [
    {
      rule: 'no-shell',
      pack: 'organisation',
      outcome: 'not-compliant',
      mode: 'warn',
      findings: [{ rule: 'no-shell', severity: 'low', message: 'a shell is in', file: '/bin/<sh>' }],
    },
  ],
  decisions: [
    {
      id: 'one',
      at: '',
      image: 'web',
      version: 4,
      account: '111111111111',
      action: 'launch',
      region: 'local',
      allowed: true,
      reason: 'permitted by approved',
      policies: [{ id: 'approved', effect: 'permit', file: '/a/b/access.cedar', line: 7 }],
      askedBy: 'judge',
      inputs: digest,
    },
  ],
  since: {
    version: 3,
    difference: {
      beforeKiB: 4096,
      afterKiB: 3072,
      changes: [{ kind: 'removed', name: 'gone', before: { version: '1', installedSizeKiB: 1024 }, cause: 'unasked' }],
    },
  },
};

test.each([
  { summary: 'who may launch it, by which policy', text: 'permit approved (access.cedar:7)' },
  { summary: 'a grant in force', text: '<td>in force</td>' },
  { summary: 'what changed, from which version', text: 'Against version 3: 4.0 MiB → 3.0 MiB' },
  { summary: 'a package that is gone', text: '<td>gone</td><td>removed</td>' },
  { summary: 'what was left out, with its size', text: '<td class="number">2.0 KiB</td>' },
  { summary: 'a rule that does not hold, with its place', text: '/bin/&lt;sh&gt;' },
  { summary: 'the size of a package in the tree', text: '<td class="number">2.9 MiB</td>' },
])('the page tells $summary', ({ text }) => {
  expect(renderPage(report)).toContain(text);
});

test('what a user wrote can’t become markup', () => {
  expect(renderPage(report)).toContain('GET /?a=1&amp;b=&lt;2&gt;');
  expect(html`<p title="${'"><script>'}">${['<', html`<b>ok</b>`]}</p>`.markup).toBe(
    '<p title="&quot;&gt;&lt;script&gt;">&lt;<b>ok</b></p>',
  );
});

test('the page fetches nothing and runs nothing', () => {
  const page = renderPage(report);
  expect(page).not.toMatch(/<script|<link|<img|src=|@import|url\(|https?:/);
});

test('in the picture, area stands for bytes', () => {
  const page = renderPage(report);
  const area = (kind: string) => {
    const [, width, height] = new RegExp(`class="${kind}"[^>]*width="([\\d.]+)" height="([\\d.]+)"`).exec(page)!;
    return Number(width) * Number(height);
  };
  expect(area('closure') / area('own')).toBeGreaterThan(40);
  expect(area('closure') / area('own')).toBeLessThan(90);
});

test('bars stand one after the other, as long as the steps took', () => {
  const bars = [...renderPage(report).matchAll(/class="succeeded" x="([\d.]+)" y="\d+" width="([\d.]+)"/g)];
  const [bake, run] = bars.map(([, x, width]) => ({ x: Number(x), width: Number(width) }));
  expect(bake!.width / run!.width).toBeCloseTo(3, 1);
  expect(run!.x).toBeCloseTo(bake!.x + bake!.width, 0);
});
