import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding, Verdict } from '../../src/model/finding.ts';
import { type BakedApplication, bakeApplication, bakingPorts } from './baked-application.ts';
import { breakages } from './breakages.ts';
import { healthyApplications } from './healthy-applications.ts';

const MINUTES = 60_000;

const cis = (...sections: string[]) => sections.map((it) => `cis-${it}`);

/** Rules of the stricter packs that Debian's defaults do not meet, whatever the application. */
const DEBIAN = [
  ...cis('1.3.1.1', '1.5.2', '3.3.2', '3.3.5', '3.3.6', '3.3.7', '3.3.8', '3.3.9', '3.3.11'),
  'core-dumps',
  'hardened-programs',
];

/** What an application's own defaults do not meet. */
const OWN: Readonly<Record<string, readonly string[]>> = {
  haproxy: ['cleartext-ports', 'service-user'],
  mariadb: [...cis('2.1.13'), 'unneeded-interpreters', 'no-debuggers'],
  memcached: ['service-user', 'unneeded-interpreters'],
  nginx: ['cleartext-ports', 'service-user', 'tls-protocols'],
  openjdk: cis('5.2.7'),
  openssh: [
    ...cis('5.1.1', '5.1.4', '5.1.5', '5.1.7', '5.1.8', '5.1.13', '5.1.16', '5.1.18', '5.1.20', '5.2.7'),
    ...['service-user', 'ssh-passwords', 'unneeded-interpreters'],
  ],
  postgresql: ['unneeded-interpreters'],
};

/** What verdicts of a mode find, as `rule: message (file)`. */
function told(verdicts: readonly Verdict[], mode: Verdict['mode']): string[] {
  const text = ({ rule, message, file }: Finding) => `${rule}: ${message}${file ? ` (${file})` : ''}`;
  return verdicts.filter((it) => it.mode === mode).flatMap((it) => it.findings.map(text));
}

/** Bakes applications as an image's root, and tells whether the packs accuse what is healthy, and miss what is broken. */
export function healthySuite(names: readonly string[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'kiln-healthy-'));
  const ports = bakingPorts(folder);
  afterAll(() => {
    ports.close();
    rmSync(folder, { recursive: true, force: true });
  });
  describe.each(names)('%s', (name) => {
    const application = healthyApplications.find((it) => it.name === name)!;
    let baked: BakedApplication;
    let verdicts: readonly Verdict[];
    beforeAll(async () => {
      baked = await bakeApplication(ports, folder, application);
      verdicts = await baked.examine(['runs', 'baseline', 'cis-debian12', 'sensitive-data']);
    }, 5 * MINUTES);
    afterAll(() => rmSync(baked?.folder ?? folder, { recursive: true, force: true }));

    test('is accused of nothing that runs and baseline ask', () => {
      const asked = verdicts.filter((it) => ['runs', 'baseline'].includes(it.pack));
      expect(asked.length).toBeGreaterThan(20);
      expect(asked.flatMap((it) => it.findings)).toEqual([]);
    });

    test('is told by the stricter packs what Debian’s and its own defaults do not meet, and of each what to do', () => {
      const strict = verdicts.filter((it) => ['cis-debian12', 'sensitive-data'].includes(it.pack));
      const accused = strict.filter((it) => it.outcome === 'not-compliant');
      const expected = [...DEBIAN, ...(OWN[name] ?? [])];
      expect(accused.map((it) => it.rule).filter((it) => !expected.includes(it))).toEqual([]);
      for (const { mend, wanted } of accused.flatMap((it) => it.findings)) expect(mend ?? wanted).toMatch(/\w/);
      for (const it of strict.filter(({ outcome }) => outcome === 'not-applicable')) expect(it.reason).toMatch(/\w/);
    });

    test.for(breakages.filter((it) => it.application === name))(
      'broken before boot: $summary',
      { timeout: 2 * MINUTES },
      async ({ summary, changes, rule, says, mend, warns = false }) => {
        const root = baked.changed(summary.replaceAll(/\W+/g, '-'), changes);
        const found = await baked.examine(['runs'], root);
        rmSync(root, { recursive: true });
        expect(told(found, warns ? 'warn' : 'enforce')).toContainEqual(
          expect.stringMatching(new RegExp(`^${rule}: .*${says.source}`)),
        );
        const finding = found.flatMap((it) => it.findings).find((it) => it.rule === rule && says.test(it.message));
        expect(finding).toMatchObject({ seen: expect.any(String), mend: mend ?? expect.any(String) });
      },
    );
  });
}
