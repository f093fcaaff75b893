import { expect, test } from 'vitest';
import { nameProviders } from '../../../../src/app/gate/name-providers.ts';
import { KilnError } from '../../../../src/model/error.ts';
import { imageSpec } from '../../../../src/model/spec.ts';
import { silent } from '../../../../src/ports/progress.ts';
import type { Observation } from '../../../../src/validator/rule.ts';

const { os } = imageSpec.parse({ name: 'app', application: { packages: ['app'], run: { command: ['/app'] } } });
const HAS: Record<string, string[]> = {
  '/usr/bin/helper': ['helper'],
  '/usr/bin/awk': ['mawk', 'gawk'],
  '/usr/lib/x86_64-linux-gnu/libmore.so.1': ['libmore1'],
};
const source = {
  owners: async (_: unknown, paths: readonly string[]) =>
    new Map(paths.flatMap((it) => (HAS[it] ? [[it, HAS[it]] as const] : []))),
};
const away = { owners: () => Promise.reject(new KilnError('SOURCE_UNAVAILABLE', 'away')) };

const named = async (finding: Partial<Observation>, from: object = source) => {
  const one: Observation = { message: 'it is not there', seen: 'absent', ...finding };
  const ports = { source: from, progress: silent } as never;
  const { rule } = await nameProviders(ports, os, { rule: { outcome: 'not-compliant', findings: [one] } });
  if (rule?.outcome !== 'not-compliant') throw new Error('a finding was lost');
  const { mend, fix } = rule.findings[0]!;
  return { mend, fix };
};
const include = (add: string) => ({ field: 'resolution.include', add });
const file = { field: 'resolution.includeFiles', add: '/usr/bin/helper' };

test.each([
  {
    summary: 'a path',
    finding: { wanted: '/usr/bin/helper', fix: file },
    want: ['package helper has it', include('helper')],
  },
  { summary: 'a command', finding: { wanted: 'helper' }, want: ['package helper has it', include('helper')] },
  { summary: 'a library', finding: { wanted: 'libmore.so.1' }, want: ['package libmore1 has it', include('libmore1')] },
  {
    summary: 'what several have',
    finding: { wanted: 'awk' },
    want: ['one of the packages gawk, mawk has it', undefined],
  },
  { summary: 'what nobody has', finding: { wanted: 'nothing' }, want: [undefined, undefined] },
  {
    summary: 'what the image’s own packages have',
    finding: { wanted: '/usr/bin/helper', mend: 'package here has it', fix: file },
    want: ['package here has it', file],
  },
  {
    summary: 'what is there and wrong',
    finding: { wanted: '/usr/bin/helper', seen: 'mode 0644' },
    want: [undefined, undefined],
  },
])('who has $summary', async ({ finding, want: [mend, fix] }) => {
  expect(await named(finding)).toEqual({ mend, fix });
});

test('where the archive cannot be asked, findings stay as they are', async () => {
  expect(await named({ wanted: '/usr/bin/helper', fix: file }, away)).toEqual({ mend: undefined, fix: file });
});
