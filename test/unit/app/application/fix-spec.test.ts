import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fixSpec } from '../../../../src/app/application/fix-spec.ts';
import { loadSpec } from '../../../../src/app/sources/load-spec.ts';
import type { Finding, ValidationReport } from '../../../../src/model/finding.ts';
import { type ImageWorld, imageWorld } from '../../../support/image-world.ts';

const finding = (change: Partial<Finding>): Finding => ({
  rule: 'needs-met',
  severity: 'high',
  message: 'it lacks something',
  ...change,
});
const include = finding({
  message: 'it needs /usr/bin/id',
  fix: { field: 'resolution.includeFiles', add: '/usr/bin/id' },
});
const remove = finding({
  rule: 'build-state',
  message: 'a log is left',
  fix: { field: 'minimize.remove', add: '/var/log/x' },
});
const folder = finding({
  message: 'there is no /run/app',
  fix: { field: 'application.run.directories', add: { path: '/run/app', owner: 'app', group: 'app' } },
});
const secret = finding({ rule: 'private-keys', message: 'a key is in it', mend: 'make it at first boot' });

describe('what of a spec would mend the last build', () => {
  let world: ImageWorld;
  beforeEach(async () => {
    world = imageWorld();
    await world.ports.catalog.putImage({ name: 'app', spec: world.spec, addedAt: '2026-01-01T00:00:00.000Z' });
  });
  afterEach(() => world.close());

  const at = '2026-11-22T10:00:00.000Z';
  async function judged(verdicts: [mode: 'enforce' | 'warn', finding: Finding][]): Promise<void> {
    const report: ValidationReport = {
      passed: false,
      verdicts: verdicts.map(([mode, it]) => ({
        rule: it.rule,
        pack: 'p',
        outcome: 'not-compliant',
        mode,
        findings: [it],
      })),
      notRunnable: [],
    };
    const reportDigest = await world.ports.store.put({ bytes: Buffer.from(JSON.stringify(report)) });
    const steps = [{ step: 'validate', startedAt: at, outcome: 'refused' as const, result: { reportDigest } }];
    await world.ports.catalog.createBuild({
      id: 'b1',
      image: 'app',
      cause: { kind: 'request' },
      state: 'refused',
      requestedAt: at,
      steps: [],
    });
    for (const step of steps) await world.ports.catalog.putStep('b1', step);
  }

  test('each finding that a list of the spec mends, and the others with what would', async () => {
    await judged([
      ['enforce', include],
      ['enforce', folder],
      ['enforce', secret],
      ['warn', remove],
    ]);
    const fix = await fixSpec(world.ports, 'app');
    expect(fix.changes.map((it) => it.field)).toEqual(['application.run.directories', 'resolution.includeFiles']);
    expect(fix.others.map((it) => it.message)).toEqual(['a key is in it']);
    world.write('image.yaml', fix.fixed);
    const { spec } = await loadSpec(world.spec);
    expect(spec.resolution.includeFiles).toEqual(['/usr/bin/id']);
    expect(spec.application.run.directories).toMatchObject([{ path: '/run/app', owner: 'app' }]);
    expect((await fixSpec(world.ports, 'app')).diff).toEqual([]);
  });

  test('what only warns, where all is asked for; a waived finding needs nothing', async () => {
    const waived = { owner: 'o', reason: 'r', expires: '2999-01-01' };
    await judged([
      ['warn', remove],
      ['enforce', { ...include, waived }],
    ]);
    expect((await fixSpec(world.ports, 'app')).diff).toEqual([]);
    const fix = await fixSpec(world.ports, 'app', { all: true });
    expect(fix.diff.slice(0, 2)).toEqual(['--- image.yaml', '+++ image.yaml']);
    expect(fix.diff.filter((it) => it.startsWith('+')).slice(1)).toEqual([
      '+minimize:',
      '+  remove:',
      '+    - /var/log/x',
    ]);
    expect(fix.fixed.startsWith(readFileSync(world.spec, 'utf8').trimEnd())).toBe(true);
  });

  test('an image that was never judged', async () => {
    await expect(fixSpec(world.ports, 'app')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'app was never judged',
    });
  });
});
