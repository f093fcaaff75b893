import { describe, expect, test } from 'vitest';
import { KilnError } from '../../../src/model/error.ts';
import { loadPolicies } from '../../../src/validator/load-policies.ts';
import { packsForAccount, packsForImage } from '../../../src/validator/select-packs.ts';

const file = (text: string, name = 'policies/own.yaml') => ({ name, bytes: Buffer.from(text) });

function complaints(...files: { name: string; bytes: Buffer }[]): string[] {
  try {
    loadPolicies(files);
  } catch (error) {
    expect(error).toBeInstanceOf(KilnError);
    expect((error as KilnError).code).toBe('POLICY_INVALID');
    return (error as KilnError).message.split('\n');
  }
  return [];
}

describe('a wrong policy is told with file, line and reason', () => {
  test.each([
    {
      summary: 'an unknown rule',
      text: 'name: own\nrules:\n  - rule: setuid-file\n',
      want: 'policies/own.yaml:3:11: rules[0].rule: there is no built-in rule called setuid-file; did you mean setuid-files?',
    },
    {
      summary: 'an unknown key',
      text: 'name: own\nrule: []\n',
      want: 'policies/own.yaml:2:1: rule: unknown key; did you mean rules?',
    },
    {
      summary: 'an unknown parameter',
      text: 'name: own\nrules:\n  - rule: setuid-files\n    parameters: { alow: [] }\n',
      want: /own\.yaml:4:17: rules\[0\]\.parameters: unrecognized key: "alow"; see setuid-files in RULES\.md/,
    },
    {
      summary: 'a parameter of the wrong type',
      text: 'name: own\nrules:\n  - rule: setuid-files\n    parameters: { allow: /usr/bin/su }\n',
      want: /own\.yaml:4:26: rules\[0\]\.parameters\.allow: invalid input: expected array/,
    },
    {
      summary: 'CEL that does not parse',
      text: 'name: own\nrules:\n  - id: x\n    title: x\n    require: "size(users"\n',
      want: /own\.yaml:5:14: rules\[0\]\.require: expected RPAREN/,
    },
    {
      summary: 'CEL with an unknown variable',
      text: 'name: own\nrules:\n  - id: x\n    title: x\n    require: userz.all(u, true)\n',
      want: /own\.yaml:5:14: rules\[0\]\.require: unknown variable: userz/i,
    },
    {
      summary: 'CEL with an unknown field',
      text: 'name: own\nrules:\n  - id: x\n    title: x\n    each: users\n    require: it.nme != ""\n',
      want: /own\.yaml:6:14: rules\[0\]\.require: no such key: nme/,
    },
    {
      summary: 'CEL of the wrong type',
      text: 'name: own\nrules:\n  - id: x\n    title: x\n    require: size(users)\n',
      want: 'policies/own.yaml:5:14: rules[0].require: the expression gives int, and bool is expected',
    },
    {
      summary: 'a list that is none',
      text: 'name: own\nrules:\n  - id: x\n    title: x\n    each: image.name\n    require: "true"\n',
      want: 'policies/own.yaml:5:11: rules[0].each: the expression gives string, and a list is expected',
    },
    {
      summary: 'a broken regular expression',
      text: 'name: own\nrules:\n  - id: x\n    title: x\n    require: image.name.matches("(")\n',
      want: 'policies/own.yaml:5:14: rules[0].require: "(" is not a regular expression',
    },
    {
      summary: 'where without each',
      text: 'name: own\nrules:\n  - id: x\n    title: x\n    where: "true"\n    require: "true"\n',
      want: 'policies/own.yaml:5:12: rules[0].where: "where" chooses elements of "each", and there is no "each"',
    },
    {
      summary: 'an unknown pack',
      text: 'name: own\nextends: [baselin]\n',
      want: 'policies/own.yaml:2:11: extends[0]: there is no pack called baselin; did you mean baseline?',
    },
    {
      summary: 'a waiver of a rule that is not there',
      text: 'name: own\nextends: [baseline]\nwaivers:\n  - rule: setuid-file\n    owner: ops\n    reason: needed\n    expires: 2030-01-01\n',
      want: 'policies/own.yaml:4:11: waivers[0].rule: no rule of this policy is called setuid-file; did you mean setuid-files?',
    },
    {
      summary: 'a waiver without an owner',
      text: 'name: own\nextends: [baseline]\nwaivers:\n  - rule: setuid-files\n    reason: needed\n    expires: 2030-01-01\n',
      want: /own\.yaml:4:5: waivers\[0\]\.owner: missing; expected text/,
    },
    {
      summary: 'a waiver without a day',
      text: 'name: own\nextends: [baseline]\nwaivers:\n  - rule: setuid-files\n    owner: ops\n    reason: needed\n    expires: soon\n',
      want: /own\.yaml:7:14: waivers\[0\]\.expires: .*date/i,
    },
    {
      summary: 'advisories at no place',
      text: 'name: own\nadvisories:\n  - {}\n',
      want: /own\.yaml:3:5: advisories\[0\]: expected exactly one of file and url/,
    },
    {
      summary: 'advisories at a place that is no URL',
      text: 'name: own\nadvisories:\n  - url: gopher://x\n',
      want: /own\.yaml:3:10: advisories\[0\]\.url: /,
    },
    { summary: 'no YAML', text: 'name: [', want: /^policies\/own\.yaml:1:\d+: / },
    { summary: 'an empty file', text: '', want: 'policies/own.yaml:1:1: the file is empty' },
  ])('$summary', ({ text, want }) => {
    const [first] = complaints(file(text));
    if (typeof want === 'string') expect(first).toBe(want);
    else expect(first).toMatch(want);
  });

  test('packs in a circle', () => {
    const lines = complaints(file('name: a\nextends: [b]\n', 'a.yaml'), file('name: b\nextends: [a]\n', 'b.yaml'));
    expect(lines).toContain(
      'a.yaml:2:11: extends[0]: packs extend one another in a circle: a → b → a; take one of them out of extends',
    );
    expect(lines.some((line) => line.startsWith('b.yaml:'))).toBe(true);
  });

  test('two policies of one name', () => {
    expect(complaints(file('name: a\n', 'a.yaml'), file('name: a\n', 'b.yaml'))).toEqual([
      'b.yaml:1:7: name: a.yaml has a policy called a, too',
    ]);
  });

  test('a waiver that expired excuses nothing and stops nothing', () => {
    const text =
      'name: own\nextends: [baseline]\nwaivers:\n  - { rule: setuid-files, owner: ops, reason: needed, expires: 2026-01-01 }\n';
    const { warnings, packs } = loadPolicies([file(text)], { today: '2026-01-02' });
    expect(warnings).toEqual([
      'policies/own.yaml:4:64: waivers[0].expires: the waiver of setuid-files by ops expired on 2026-01-01 and excuses nothing',
    ]);
    expect(packs.has('own')).toBe(true);
    expect(loadPolicies([file(text)], { today: '2026-01-01' }).warnings).toEqual([]);
  });
});

describe('which packs decide', () => {
  const policies = [
    file('name: everywhere\n', '1.yaml'),
    file('name: web\nscope: { labels: { tier: web } }\n', '2.yaml'),
    file('name: only-redis\nscope: { images: [redis*] }\n', '3.yaml'),
    file('name: account-a\nscope: { accounts: ["111111111111"] }\n', '4.yaml'),
    file('name: production\nscope: { organizationalUnits: [prod] }\n', '5.yaml'),
    file('name: account-b-web\nscope: { accounts: ["222222222222"], labels: { tier: web } }\n', '6.yaml'),
  ];
  const { packs, own } = loadPolicies(policies);
  const image = (name: string, labels: Record<string, string>, names: string[] = []) => ({
    name,
    labels,
    policies: names,
  });
  const names = (found: { name: string }[]) => found.map((it) => it.name);

  test.each([
    { summary: 'no labels', of: image('nginx', {}), want: ['runs', 'baseline', 'everywhere'] },
    { summary: 'a label', of: image('nginx', { tier: 'web' }), want: ['runs', 'baseline', 'everywhere', 'web'] },
    { summary: 'a name', of: image('redis-6', {}), want: ['runs', 'baseline', 'everywhere', 'only-redis'] },
    {
      summary: 'a pack that the spec asks for; what it extends is part of it',
      of: image('nginx', {}, ['sensitive-data']),
      want: ['runs', 'sensitive-data', 'everywhere'],
    },
  ])('of an image: $summary', ({ of, want }) => {
    expect(names(packsForImage(packs, own, of))).toEqual(want);
  });

  test.each([
    { summary: 'its own', account: { id: '111111111111', name: 'a' }, labels: {}, want: ['account-a'] },
    { summary: 'not another’s', account: { id: '333333333333', name: 'c' }, labels: {}, want: [] },
    {
      summary: 'its unit’s, from above',
      account: { id: '333333333333', name: 'c', organizationalUnit: 'prod/web' },
      labels: {},
      want: ['production'],
    },
    {
      summary: 'no unit that only begins like it',
      account: { id: '333333333333', name: 'c', organizationalUnit: 'production' },
      labels: {},
      want: [],
    },
    {
      summary: 'its own, where the image is meant',
      account: { id: '222222222222', name: 'b' },
      labels: { tier: 'web' },
      want: ['account-b-web'],
    },
    {
      summary: 'not where another image is meant',
      account: { id: '222222222222', name: 'b' },
      labels: { tier: 'db' },
      want: [],
    },
  ])('of an account: $summary', ({ account, labels, want }) => {
    expect(names(packsForAccount(packs, own, image('nginx', labels as Record<string, string>), account))).toEqual(want);
  });
});
