import { describe, expect, test } from 'vitest';
import {
  expandSpecifiers,
  expandVariables,
  parseEnvironmentFile,
  parseExec,
  parseUnit,
  splitUnitWords,
  unitValue,
  unitValues,
} from '../../../src/formats/system/unit.ts';
import { loadUnit, startsNothing } from '../../../src/formats/system/unit-files.ts';
import { memoryTree } from '../../../src/formats/tree/memory-tree.ts';

test('parseUnit keeps sections, joined lines and where each entry begins', () => {
  const text = '# c\n[Unit]\nDescription=a = b\n\n[Service]\nExecStart=/bin/x \\\n# between\n  -y\n; c\nUser = www\n';
  expect(parseUnit(text)).toEqual([
    { section: 'Unit', key: 'Description', value: 'a = b', line: 3 },
    { section: 'Service', key: 'ExecStart', value: '/bin/x  -y', line: 6 },
    { section: 'Service', key: 'User', value: 'www', line: 10 },
  ]);
});

test('an empty assignment takes back those before it', () => {
  const entries = parseUnit('[Service]\nExecStart=/a\nExecStart=\nExecStart=/b\nExecStart=/c\n');
  expect(unitValues(entries, 'Service', 'ExecStart').map(({ value }) => value)).toEqual(['/b', '/c']);
  expect(unitValue(entries, 'Service', 'ExecStart')).toBe('/c');
  expect(unitValue(entries, 'Unit', 'ExecStart')).toBeUndefined();
});

describe('values', () => {
  test.each([
    { summary: 'quotes', value: `a "b c" 'd "e' f"g h"i`, want: ['a', 'b c', 'd "e', 'fg hi'] },
    { summary: 'escapes', value: 'a\\x20b "c\\n\\"d" \\101', want: ['a b', 'c\n"d', 'A'] },
    { summary: 'nothing', value: '  ', want: [] },
  ])('splitUnitWords: $summary', ({ value, want }) => {
    expect(splitUnitWords(value)).toEqual(want);
  });

  test.each([
    {
      summary: 'prefixes',
      value: '-+/bin/a b',
      want: [{ program: '/bin/a', argv: ['/bin/a', 'b'], mayFail: true, privileged: true }],
    },
    {
      summary: 'another name',
      value: '@/bin/a z b',
      want: [{ program: '/bin/a', argv: ['z', 'b'], mayFail: false, privileged: false }],
    },
    {
      summary: 'several',
      value: '/bin/a ; /bin/b \\;',
      want: [
        { program: '/bin/a', argv: ['/bin/a'], mayFail: false, privileged: false },
        { program: '/bin/b', argv: ['/bin/b', ';'], mayFail: false, privileged: false },
      ],
    },
    { summary: 'nothing', value: '', want: [] },
  ])('parseExec: $summary', ({ value, want }) => {
    expect(parseExec(value)).toEqual(want);
  });

  test.each([
    { text: '%n|%N|%p|%i|%I|%j', want: 'pg@15-main.service|pg@15-main|pg|15-main|15/main|pg' },
    { text: '%t/x %S %% %?', want: '/run/x /var/lib % %?' },
  ])('expandSpecifiers: $text', ({ text, want }) => {
    expect(expandSpecifiers(text, 'pg@15-main.service')).toBe(want);
  });

  test('expandVariables splits a variable that stands alone', () => {
    const variables = new Map([
      ['A', 'x y'],
      ['B', 'z'],
    ]);
    expect(expandVariables(['$A', '${A}', 'p$B', '$GONE', '$$A'], variables)).toEqual(['x', 'y', 'x y', 'pz', '$A']);
  });

  test('parseEnvironmentFile reads assignments, quoted or not', () => {
    const variables = parseEnvironmentFile('# c\nA=1 2\nexport B="x y"\nnot one\nC=\'z\'\n');
    expect([...variables]).toEqual([
      ['A', '1 2'],
      ['B', 'x y'],
      ['C', 'z'],
    ]);
  });
});

describe('loadUnit', () => {
  const unit = (value: string) => `[Service]\nExecStart=${value}\n`;
  test.each([
    {
      summary: 'the administrator’s file first',
      files: { '/etc/systemd/system/a.service': unit('/b'), '/lib/systemd/system/a.service': unit('/a') },
      want: ['/b'],
    },
    {
      summary: 'the instance’s own file before the template',
      name: 'a@x.service',
      files: { '/lib/systemd/system/a@.service': unit('/t'), '/lib/systemd/system/a@x.service': unit('/x') },
      want: ['/x'],
    },
    {
      summary: 'drop-ins by name, those of /etc hiding others',
      files: {
        '/lib/systemd/system/a.service': unit('/a'),
        '/lib/systemd/system/a.service.d/2.conf': unit('/2'),
        '/lib/systemd/system/a.service.d/1.conf': unit('/no'),
        '/etc/systemd/system/a.service.d/1.conf': unit('/1'),
      },
      want: ['/a', '/1', '/2'],
    },
    {
      summary: 'a masked unit is none',
      files: { '/etc/systemd/system/a.service': { target: '/dev/null' }, '/lib/systemd/system/b.service': unit('/a') },
      want: undefined,
    },
  ])('$summary', ({ files, name = 'a.service', want }) => {
    const found = loadUnit(memoryTree(files as never), name);
    expect(found && unitValues(found.entries, 'Service', 'ExecStart').map(({ value }) => value)).toEqual(want);
  });
});

describe('an init script', () => {
  const text = '#!/bin/sh\n# Short-Description: Serves things\n# pidfile: /run/app.pid\ncase $1 in start) ;; esac\n';
  const valuesOf = (files: Parameters<typeof memoryTree>[0]) =>
    loadUnit(memoryTree(files), 'app.service')?.entries.map(({ key, value }) => `${key}=${value}`);

  test('is a service that forks and is stopped by the script', () => {
    expect(valuesOf({ '/etc/init.d/app': text })).toEqual(
      expect.arrayContaining([
        'Type=forking',
        'PIDFile=/run/app.pid',
        'RemainAfterExit=no',
        'ExecStart=/etc/init.d/app start',
        'ExecStop=/etc/init.d/app stop',
      ]),
    );
  });

  test('gives way to a unit of its name, takes drop-ins, and is masked with it', () => {
    const unit = '/usr/lib/systemd/system/app.service';
    expect(valuesOf({ '/etc/init.d/app': text, [unit]: '[Service]\nExecStart=/x\n' })).toEqual(['ExecStart=/x']);
    expect(valuesOf({ '/etc/init.d/app': text, [`${unit}.d/a.conf`]: '[Service]\nRestart=no\n' })).toContain(
      'Restart=no',
    );
    expect(valuesOf({ '/etc/init.d/app': text, [unit]: { target: '/dev/null' } })).toBeUndefined();
  });
});

test.each([
  { unit: 'Type=oneshot\nExecStart=/bin/true\nRemainAfterExit=on\n', want: true },
  { unit: 'Type=oneshot\nRemainAfterExit=on\n', want: true },
  { unit: 'Type=oneshot\nExecStart=/usr/bin/prepare\n', want: false },
  { unit: 'ExecStart=/usr/bin/appd\n', want: false },
])('a service stands for others only: $want for $unit', ({ unit, want }) => {
  expect(startsNothing({ entries: parseUnit(`[Service]\n${unit}`) })).toBe(want);
});
