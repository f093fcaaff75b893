import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { baseScore, gradeOfScore } from '../../../src/formats/advisories/cvss.ts';
import { indexAdvisories, matcher } from '../../../src/formats/advisories/match.ts';
import { readAdvisories } from '../../../src/formats/advisories/read-advisories.ts';
import { compareVersions } from '../../../src/formats/debian/version.ts';
import { KilnError } from '../../../src/model/error.ts';
import { makeZip } from '../../support/make-zip.ts';

const read = (value: unknown, name = 'known.json') =>
  readAdvisories(name, Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));

const osv = (change: object = {}, affected: object = {}) => ({
  id: 'DEBIAN-CVE-2026-1',
  upstream: ['CVE-2026-1'],
  affected: [
    {
      package: { ecosystem: 'Debian:12', name: 'app' },
      ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: '1.2-3' }] }],
      ...affected,
    },
  ],
  ...change,
});

const tracker = (state: object) => ({ app: { 'CVE-2026-1': { releases: { bookworm: state } } } });

describe('advisories of both formats', () => {
  test.each([
    {
      summary: 'OSV: the one CVE is its name',
      file: osv(),
      want: {
        id: 'CVE-2026-1',
        aliases: ['DEBIAN-CVE-2026-1'],
        source: 'app',
        release: 'bookworm',
        ranges: [{ fixed: '1.2-3' }],
      },
    },
    {
      summary: 'OSV: a notice of several keeps its own',
      file: osv({ id: 'DSA-1-1', upstream: ['CVE-1-1', 'CVE-1-2'] }),
      want: { id: 'DSA-1-1' },
    },
    { summary: 'OSV: a list', file: [osv()], want: { id: 'CVE-2026-1' } },
    { summary: 'OSV: as an interface answers', file: { vulns: [osv()] }, want: { id: 'CVE-2026-1' } },
    {
      summary: 'OSV: one a line',
      file: `${JSON.stringify(osv())}\n${JSON.stringify(osv({ withdrawn: '2026-01-01' }))}\n`,
      want: { id: 'CVE-2026-1' },
    },
    {
      summary: 'OSV: graded by its vector',
      file: osv({ severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }] }),
      want: { grade: 'critical' },
    },
    {
      summary: 'OSV: graded by a word',
      file: osv({}, { ecosystem_specific: { urgency: 'low' } }),
      want: { grade: 'low' },
    },
    {
      summary: 'OSV: introduced, fixed and introduced again, in any order',
      file: osv(
        {},
        {
          ranges: [
            {
              type: 'ECOSYSTEM',
              events: [{ fixed: '2' }, { introduced: '3' }, { introduced: '1' }, { last_affected: '4' }],
            },
          ],
        },
      ),
      want: {
        ranges: [
          { introduced: '1', fixed: '2' },
          { introduced: '3', lastAffected: '4' },
        ],
      },
    },
    {
      summary: 'OSV: versions alone',
      file: osv({}, { ranges: [], versions: ['1-1'] }),
      want: { ranges: [{ introduced: '1-1', lastAffected: '1-1' }] },
    },
    {
      summary: 'tracker: mended',
      file: tracker({ status: 'resolved', fixed_version: '1.2-3', urgency: 'medium**' }),
      want: { id: 'CVE-2026-1', source: 'app', release: 'bookworm', grade: 'medium', ranges: [{ fixed: '1.2-3' }] },
    },
    {
      summary: 'tracker: open',
      file: tracker({ status: 'open', urgency: 'not yet assigned' }),
      want: { grade: 'unknown', ranges: [{}] },
    },
    {
      summary: 'tracker: unimportant',
      file: tracker({ status: 'open', urgency: 'unimportant' }),
      want: { grade: 'info' },
    },
  ])('$summary', ({ file, want }) => {
    expect(read(file)).toMatchObject([want]);
  });

  test.each([
    { summary: 'of another ecosystem', file: osv({}, { package: { ecosystem: 'npm', name: 'app' } }) },
    { summary: 'that was withdrawn', file: osv({ withdrawn: '2026-01-01T00:00:00Z' }) },
    { summary: 'of which the release is not affected', file: tracker({ status: 'resolved', fixed_version: '0' }) },
  ])('nothing is known by an advisory $summary', ({ file }) => expect(read(file)).toEqual([]));

  test('a ZIP archive of records is all of them', () => {
    const archive = makeZip({
      'a.json': JSON.stringify(osv()),
      'b.json': JSON.stringify(osv({ upstream: ['CVE-2026-2'] })),
    });
    expect(readAdvisories('all.zip', archive).map((it) => it.id)).toEqual(['CVE-2026-1', 'CVE-2026-2']);
  });
});

describe('a wrong advisory is told with file, line and reason', () => {
  test.each([
    { summary: 'no JSON', file: '{\n  "id": "x",\n}', want: /^known\.json:3:1: not JSON/ },
    { summary: 'cut off', file: '{"id": "x"', want: /^known\.json:1:\d+: not JSON/ },
    { summary: 'no identifier', file: '[\n  {"affected": []}\n]', want: 'known.json:2:3: 0.id: id is missing' },
    {
      summary: 'no version',
      file: JSON.stringify(osv({}, { ranges: [] }), null, 1),
      want: /^known\.json:7:3: affected\.0: neither a range nor a version is affected$/,
    },
    {
      summary: 'no package',
      file: osv({}, { package: undefined }),
      want: /affected\.0\.package: package must be an object$/,
    },
    {
      summary: 'an event that says nothing',
      file: osv({}, { ranges: [{ type: 'ECOSYSTEM', events: [{}] }] }),
      want: /affected\.0\.ranges\.0\.events\.0: an event says introduced, fixed or last_affected$/,
    },
    {
      summary: 'a version that is none',
      file: tracker({ status: 'resolved', fixed_version: 'soon!' }),
      want: /fixed_version: fixed_version soon! is not a Debian version$/,
    },
    {
      summary: 'resolved, and no version',
      file: tracker({ status: 'resolved' }),
      want: /app\.CVE-2026-1\.releases\.bookworm\.fixed_version: fixed_version is missing$/,
    },
    {
      summary: 'a state that is none',
      file: tracker({ status: 'perhaps' }),
      want: /status perhaps is none of open, resolved, undetermined$/,
    },
    { summary: 'neither format', file: '[1]', want: 'known.json:1:2: 0: an advisory must be an object' },
    {
      summary: 'a line of several',
      file: `${JSON.stringify(osv())}\n{"id": 5}\n`,
      want: 'known.json:2:8: id: id must be text',
    },
  ])('$summary', ({ file, want }) => {
    let told = '';
    try {
      read(file);
    } catch (error) {
      expect(error).toBeInstanceOf(KilnError);
      told = (error as Error).message;
    }
    if (typeof want === 'string') expect(told).toBe(want);
    else expect(told).toMatch(want);
  });
});

test('whatever a file holds, it is read or told to be wrong', () => {
  const odd = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom(null, 0, '', [], {}, [null]));
  const part = (keys: string[]) => fc.record(Object.fromEntries(keys.map((key) => [key, odd])), { requiredKeys: [] });
  const record = fc.record({
    id: fc.constant('CVE-1-1'),
    severity: fc.oneof(odd, fc.array(part(['type', 'score']))),
    affected: fc.array(
      fc.record({
        package: fc.constant({ ecosystem: 'Debian:12', name: 'app' }),
        ranges: fc.oneof(
          odd,
          fc.array(fc.record({ events: fc.oneof(odd, fc.array(part(['introduced', 'fixed', 'limit']))) })),
        ),
        severity: odd,
        ecosystem_specific: odd,
        database_specific: odd,
      }),
    ),
  });
  const known = fc.dictionary(
    fc.string(),
    fc.dictionary(
      fc.string(),
      fc.record({ releases: fc.oneof(odd, fc.dictionary(fc.string(), part(['status', 'fixed_version', 'urgency']))) }),
    ),
  );
  const bytes = fc.uint8Array().map((it) => Buffer.from(it));
  const text = fc.oneof(odd, record, fc.array(record), known).map((it) => Buffer.from(JSON.stringify(it)));
  fc.assert(
    fc.property(fc.oneof(text, bytes), (file) => {
      try {
        readAdvisories('x', file);
      } catch (error) {
        expect(error).toBeInstanceOf(KilnError);
        expect((error as Error).message).toMatch(/^x(:\d+:\d+: | is not a ZIP)/);
      }
    }),
    { numRuns: 500 },
  );
});

describe('what a version falls under', () => {
  const at = (version: string, ...files: object[]) =>
    matcher(indexAdvisories(files.map((it) => read(it))), 'bookworm')('app', version).map(
      ({ advisory, fixedIn }) => `${advisory.id} ${advisory.grade} ${fixedIn}`,
    );

  test.each([
    { summary: 'older than the fix', version: '1.2-2', want: ['CVE-2026-1 unknown 1.2-3'] },
    { summary: 'the fix', version: '1.2-3', want: [] },
    { summary: 'a stable update of the version before', version: '1.2-2+deb12u1', want: ['CVE-2026-1 unknown 1.2-3'] },
    { summary: 'a pre-release of the fix', version: '1.2-3~rc1', want: ['CVE-2026-1 unknown 1.2-3'] },
    { summary: 'an epoch', version: '1:0.1-1', want: [] },
  ])('$summary', ({ version, want }) => expect(at(version, osv())).toEqual(want));

  test('another release has its own', () => {
    expect(matcher(indexAdvisories([read(osv())]), 'trixie')('app', '1')).toEqual([]);
  });

  test('the later file grades anew', () => {
    expect(at('1', osv(), osv({}, { ecosystem_specific: { urgency: 'high' } }))).toEqual(['CVE-2026-1 high 1.2-3']);
  });
});

test.each([
  { vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', score: 9.8, grade: 'critical' },
  { vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N', score: 6.1, grade: 'medium' },
  { vector: 'CVSS:3.0/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H', score: 7.8, grade: 'high' },
  { vector: 'CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:N/A:L', score: 3.7, grade: 'low' },
  { vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N', score: 0, grade: 'info' },
  { vector: 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H', score: 10, grade: 'critical' },
  { vector: 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', score: 9.3, grade: 'critical' },
  { vector: 'CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', score: 7.3, grade: 'high' },
  { vector: 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N/E:A', score: 0, grade: 'info' },
])('$vector scores $score', ({ vector, score, grade }) => {
  expect(baseScore(vector)).toBe(score);
  expect(gradeOfScore(score)).toBe(grade);
});

test.each(['CVSS:4.0/AV:N', 'high', 'CVSS:3.1/AV:N/AC:L', ''])('%s is no vector that is scored', (text) => {
  expect(baseScore(text)).toBeUndefined();
});

/** Which version of a source package mended what, as the changelogs of Debian's packages say. */
const CHANGELOGS: Record<string, { version: string; fixes: string[] }[]> = JSON.parse(
  readFileSync(new URL('../../fixtures/changelog-cves.json', import.meta.url), 'utf8'),
);

describe('what the changelogs of real packages say', () => {
  const entries = Object.entries(CHANGELOGS).flatMap(([source, all]) => all.map((it) => ({ source, ...it })));
  const asTracker = Object.fromEntries(
    Object.entries(CHANGELOGS).map(([source, all]) => {
      const fixes = all.flatMap(({ version, fixes }) =>
        fixes.map((id) => [
          id,
          { releases: { bookworm: { status: 'resolved', fixed_version: version, urgency: 'low' } } },
        ]),
      );
      return [source, Object.fromEntries(fixes)];
    }),
  );
  const asOsv = entries.flatMap(({ source, version, fixes }) =>
    fixes.map((id) => ({
      id,
      affected: [
        {
          package: { ecosystem: 'Debian:12', name: source },
          ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: version }] }],
        },
      ],
    })),
  );

  test.each([
    { format: 'the tracker’s format', file: asTracker },
    { format: 'OSV', file: asOsv },
  ])(
    'in $format: each version falls under what later ones mend, and under nothing that it mends itself',
    ({ file }) => {
      const match = matcher(indexAdvisories([read(file)]), 'bookworm');
      for (const [source, all] of Object.entries(CHANGELOGS)) {
        for (const { version } of all) {
          const under = new Set(match(source, version).map((it) => it.advisory.id));
          const mendedLater = all.filter((it) => compareVersions(version, it.version) < 0).flatMap((it) => it.fixes);
          expect([...under].sort()).toEqual(mendedLater.sort());
        }
      }
    },
  );
});
