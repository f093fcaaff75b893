import { describe, expect, test } from 'vitest';
import { validationReport } from '../../../src/model/finding.ts';
import { policy } from '../../../src/model/policy.ts';
import { imageSpec } from '../../../src/model/spec.ts';
import { builtInPack, compilePolicies } from '../../../src/validator/compile-policy.ts';
import { proposeChanges } from '../../../src/validator/fixes.ts';
import { ownedTree } from '../../../src/validator/owned-tree.ts';
import { validate } from '../../../src/validator/validate.ts';
import { type Difference, imageWith, judgeBy } from './healthy-image.ts';

const setuid: Difference = {
  files: { '/usr/bin/own': { content: 'x', mode: 0o4755 }, '/usr/bin/mine': { content: 'x', mode: 0o4755 } },
};

function report(source: object, difference: Difference = setuid) {
  const parsed = policy.parse({ name: 'own', rules: [{ rule: 'setuid-files', severity: 'high' }], ...source });
  return validate({ ...imageWith(difference), packs: [compilePolicies([parsed]).packs.get('own')!] });
}

describe('what a pack makes of findings', () => {
  test('an enforced rule that is broken refuses the image, with the pack’s severity', () => {
    const { passed, verdicts } = report({});
    expect(passed).toBe(false);
    expect(verdicts[0]!.findings.map((it) => it.severity)).toEqual(['high', 'high']);
  });

  test('a rule that warns lets it through', () => {
    const { passed, verdicts } = report({ rules: [{ rule: 'setuid-files', mode: 'warn' }] });
    expect(passed).toBe(true);
    expect(verdicts[0]!.outcome).toBe('not-compliant');
  });

  const waiver = { rule: 'setuid-files', owner: 'ops', reason: 'reviewed', expires: '2026-11-21' };
  test.each([
    { summary: 'all of it, until its day is over', waivers: [waiver], want: true },
    { summary: 'only the file that it names', waivers: [{ ...waiver, file: '/usr/bin/own' }], want: false },
    {
      summary: 'both files by two waivers',
      waivers: [
        { ...waiver, file: '/usr/bin/own' },
        { ...waiver, file: '/usr/bin/m*' },
      ],
      want: true,
    },
    { summary: 'nothing, once it expired', waivers: [{ ...waiver, expires: '2026-11-20' }], want: false },
    { summary: 'nothing of another image', waivers: [{ ...waiver, image: 'redis' }], want: false },
    { summary: 'images by pattern', waivers: [{ ...waiver, image: 'a*' }], want: true },
    { summary: 'nothing of a package that ships neither', waivers: [{ ...waiver, package: 'libc6' }], want: false },
  ])('a waiver excuses $summary', ({ waivers, want }) => {
    const { passed, verdicts } = report({ waivers });
    expect(passed).toBe(want);
    if (want) expect(verdicts[0]!.findings[0]!.waived).toMatchObject({ owner: 'ops', reason: 'reviewed' });
  });

  test('a pack takes the rules of those that it extends, and replaces what it states again', () => {
    const { verdicts } = report({ extends: ['baseline'], rules: [{ rule: 'setuid-files', mode: 'warn' }] });
    expect(verdicts.filter((it) => it.rule === 'setuid-files').map((it) => it.mode)).toEqual(['warn']);
    expect(verdicts.map((it) => it.rule)).toContain('private-keys');
  });
});

test('the healthy image passes what every image is asked; the report is of its schema', () => {
  const request = imageWith({
    reachability: {
      reachable: new Map([
        ['/usr/sbin/app', []],
        ['/usr/bin/sh', []],
      ]),
      missing: [],
    },
  });
  const found = validate({ ...request, packs: ['runs', 'baseline'].map(builtInPack) });
  expect(found.verdicts.flatMap((it) => it.findings)).toEqual([]);
  expect(found.passed).toBe(true);
  expect(validationReport.parse(JSON.parse(JSON.stringify(found)))).toEqual(JSON.parse(JSON.stringify(found)));
  // What nothing starts is listed, and not judged.
  expect(found.notRunnable).toEqual(['/usr/bin/app-tool']);
});

describe('a rule as CEL', () => {
  const rule = (more: object) => ({
    name: 'own',
    rules: [{ id: 'own-rule', title: 'few users', require: 'true', ...more }],
  });
  test.each([
    { summary: 'holds', more: { require: 'size(users) == 2' }, want: { outcome: 'compliant' } },
    {
      summary: 'does not hold',
      more: { require: 'size(users) < 2', seen: 'size(users)', wanted: '1', remedy: 'remove one' },
      want: {
        outcome: 'not-compliant',
        findings: [{ message: 'not so: few users', seen: '2', wanted: '1', mend: 'remove one' }],
      },
    },
    {
      summary: 'does not apply',
      more: { applies: 'ssh.server', otherwise: 'no SSH' },
      want: { outcome: 'not-applicable', reason: 'no SSH' },
    },
    {
      summary: 'names the file and the package of each element',
      more: { each: 'files', where: 'it.path == "/etc/app.conf"', require: 'it.size > 1000', seen: 'it.size' },
      want: { outcome: 'not-compliant', findings: [{ file: '/etc/app.conf', package: 'app', seen: '10' }] },
    },
    {
      summary: 'compares versions as Debian does',
      more: { each: 'packages', where: 'it.name == "libc6"', require: '!it.version.olderThan("2.36~rc1-1")' },
      want: { outcome: 'compliant' },
    },
    {
      summary: 'compares rights',
      more: { each: 'files', where: 'it.path == "/tmp"', require: 'it.mode.within("0755")', seen: 'it.mode' },
      want: { outcome: 'not-compliant', findings: [{ seen: '1777' }] },
    },
    {
      summary: 'reads a setting that may be missing',
      more: { require: 'sysctl[?"kernel.x"].orValue("0") == "0"' },
      want: { outcome: 'compliant' },
    },
    {
      summary: 'that fails while it is evaluated lets nothing through',
      more: { require: 'sysctl["kernel.x"] == "0"' },
      want: { outcome: 'not-compliant' },
    },
  ])('$summary', ({ more, want }) => {
    expect(judgeBy(rule(more))[0]).toMatchObject(want);
  });
});

test('changes of the spec that would mend a report, each once', () => {
  const lost: Difference = {
    files: {
      '/usr/bin/sh': null,
      '/etc/app.conf': 'log /var/log/app/log\n',
      '/usr/bin/own': { content: 'x', mode: 0o4755 },
    },
    providers: { 'libapp.so.1': 'libapp1-more' },
  };
  const request = imageWith({ ...lost, files: { ...lost.files, '/usr/lib/x86_64-linux-gnu/libapp.so.1': null } });
  const changes = proposeChanges(validate({ ...request, packs: ['runs', 'baseline'].map(builtInPack) }));
  expect(changes.map(({ field, add }) => [field, add])).toEqual([
    ['application.run.directories', [{ path: '/var/log/app', owner: 'app', group: 'app' }]],
    ['minimize.remove', ['/usr/bin/own']],
    ['resolution.include', ['libapp1-more']],
    ['resolution.includeFiles', ['/bin/sh']],
  ]);
  // What is proposed is a spec's own form.
  expect(() =>
    imageSpec.shape.resolution.parse({ include: ['libapp1-more'], includeFiles: ['/bin/sh'] }),
  ).not.toThrow();
});

test('a baked tree whose entries name their packages', () => {
  const { tree, lock, contents } = imageWith();
  const owned = ownedTree(tree, lock, contents!);
  expect(owned.lookup('/usr/sbin/app')?.package).toBe('app');
  expect(owned.resolve('/bin/sh')?.package).toBe('dash');
  expect(owned.lookup('/etc/passwd')?.package).toBeUndefined();
  expect([...owned.entries()].find((it) => it.path === '/etc/app.conf')?.package).toBe('app');
});
