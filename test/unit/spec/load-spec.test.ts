import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadAccounts } from '../../../src/app/sources/load-accounts.ts';
import { loadSpec } from '../../../src/app/sources/load-spec.ts';
import { KilnError } from '../../../src/model/error.ts';
import { imageSpec } from '../../../src/model/spec.ts';

const folder = mkdtempSync(join(tmpdir(), 'kiln-spec-'));
afterAll(() => rmSync(folder, { recursive: true }));

const RIGHT = 'name: app\napplication:\n  packages: [nginx]\n  run: { unit: nginx.service }\n';

function write(text: string, name = 'image.yaml'): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

async function faultOf(work: Promise<unknown>): Promise<KilnError> {
  const fault = await work.then(
    () => undefined,
    (error) => error,
  );
  if (fault instanceof KilnError) return fault;
  throw fault ?? new Error('nothing was thrown');
}

test('a right spec comes with its defaults, its folder and positions', async () => {
  const file = await loadSpec(write(RIGHT));
  expect(file.spec.os.release).toBe('bookworm');
  expect(file.directory).toBe(folder);
  expect(file.positionOf(['application', 'packages', 0])).toEqual({ line: 3, column: 14 });
  expect((await loadSpec(folder)).path).toBe(file.path);
});

describe('what is wrong is told with file, line, column, what was expected, and the nearest key', () => {
  const app = (more: string) => `name: app\napplication:\n  packages: [nginx]\n  run: { unit: nginx.service }\n${more}`;
  test.each([
    {
      summary: 'a misspelt key',
      text: 'name: app\napplication:\n  packges: [nginx]\n  packages: [nginx]\n  run: { unit: a.service }\n',
      want: ['image.yaml:3:3: application.packges: unknown key; did you mean packages?'],
    },
    {
      summary: 'a key that is like no other',
      text: app('  zzz: 1\n'),
      want: ['image.yaml:5:3: application.zzz: unknown key; known here: packages, from, files, run, ports'],
    },
    {
      summary: 'several at once, in the order of the file',
      text: app('  ports: [x, 0]\ntests: 5\nos: { release: 12 }\n'),
      want: [
        'image.yaml:5:11: application.ports[0]: expected a whole number, got "x"',
        'image.yaml:5:14: application.ports[1]: expected 1 or more, got 0',
        'image.yaml:6:8: tests: expected a list, each entry a map with http, tcp, command or console, got 5',
        'image.yaml:7:16: os.release: expected text, got 12; put it in quotes',
      ],
    },
    {
      summary: 'a missing key',
      text: 'name: app\napplication:\n  packages: [a1]\n',
      want: ['image.yaml:3:3: application.run: missing; expected a map'],
    },
    {
      summary: 'a word that is nearly right',
      text: app('boot: { init: systemdd }\n'),
      want: ['image.yaml:5:15: boot.init: expected busybox or systemd, got "systemdd"; did you mean systemd?'],
    },
    {
      summary: 'inside the kind of test that was meant',
      text: app('  ports: [80]\ntests:\n  - http: { prot: 80 }\n'),
      want: ['image.yaml:7:13: tests[0].http.prot: unknown key; did you mean port?'],
    },
    {
      summary: 'a test of no kind',
      text: app('tests:\n  - timeout: 5s\n'),
      want: ['image.yaml:6:5: tests[0]: expected exactly one of http, tcp, command, console'],
    },
    {
      summary: 'a test of a port that the application does not have',
      text: app('  ports: [80]\ntests:\n  - http: { port: 8080 }\n'),
      want: ['image.yaml:7:19: tests[0].http.port: expected one of application.ports (80), got 8080'],
    },
    {
      summary: 'a command that asks a port that the application does not have',
      text: app('  ports: [80]\ntests:\n  - command: { run: [ask, "{host}", "{port:81}"] }\n'),
      want: ['image.yaml:7:37: tests[0].command.run[2]: expected one of application.ports (80), got 81'],
    },
    {
      summary: 'both of an either-or',
      text: 'name: app\napplication:\n  packages: [a1]\n  run: { unit: a.service, command: [/b] }\n',
      want: ['image.yaml:4:8: application.run: expected exactly one of unit and command'],
    },
    {
      summary: 'nothing to run',
      text: 'name: app\napplication:\n  run: { unit: a.service }\n',
      want: ['image.yaml:3:3: application: expected packages, from or files: there is nothing to run'],
    },
    {
      summary: 'a merge key',
      text: 'name: app\napplication:\n  <<: { packages: [a1] }\n  packages: [a1]\n  run: { unit: a.service }\n',
      want: ['image.yaml:3:3: application.<<: unknown key; merge keys are not supported'],
    },
    {
      summary: 'a version of another Kiln',
      text: `specVersion: 2\n${RIGHT}`,
      want: ['image.yaml:1:14: specVersion: expected 1, got 2'],
    },
    {
      summary: 'not a map',
      text: '- a\n',
      want: ['image.yaml:1:1: expected a map with name and application, got a list'],
    },
    {
      summary: 'a file of the user’s own that is not there',
      text: app('  files:\n    - { path: /etc/x, source: nothing.conf }\n'),
      want: ['image.yaml:6:31: application.files[0].source: there is no nothing.conf beside the spec'],
    },
    {
      summary: 'a schedule that is none',
      text: app('schedule: { cron: daily, timezone: Mars }\n'),
      want: [
        'image.yaml:5:19: schedule.cron: expected five fields: minute, hour, day, month, weekday, such as "0 3 * * 1", got "daily"',
        'image.yaml:5:36: schedule.timezone: expected a time zone such as Europe/Berlin',
      ],
    },
    {
      summary: 'an expression that does not compile',
      text: app('tests:\n  - console: { line: "(" }\n'),
      want: ['image.yaml:6:22: tests[0].console.line: expected a regular expression'],
    },
  ])('$summary', async ({ text, want }) => {
    const fault = await faultOf(loadSpec(write(text)));
    expect(fault.code).toBe('SPEC_INVALID');
    expect(fault.message.split('\n')).toEqual(want);
  });
});

test('more than twenty issues are counted', async () => {
  const keys = Array.from({ length: 30 }, (_, index) => `zz${index}: 1`).join('\n');
  const lines = (await faultOf(loadSpec(write(`${RIGHT}${keys}\n`)))).message.split('\n');
  expect(lines).toHaveLength(21);
  expect(lines.at(-1)).toBe('image.yaml: and 10 more');
});

describe('a file that is not there', () => {
  test('the nearest names are told', async () => {
    write(RIGHT, 'shop.yaml');
    const fault = await faultOf(loadSpec(join(folder, 'shp.yaml')));
    expect(fault.code).toBe('NOT_FOUND');
    expect(fault.hint).toBe(`did you mean ${join(folder, 'shop.yaml')}?`);
  });

  test('a folder without a spec says what is in it', async () => {
    mkdirSync(join(folder, 'other'));
    writeFileSync(join(folder, 'other/a.yaml'), RIGHT);
    const fault = await faultOf(loadSpec(join(folder, 'other')));
    expect(fault.code).toBe('NOT_FOUND');
    expect(fault.hint).toBe('there is a.yaml');
  });

  test('a device is not read', async () => {
    expect((await faultOf(loadSpec('/dev/zero'))).message).toBe('/dev/zero is not a file');
  });

  test('a huge file is not read', async () => {
    const fault = await faultOf(loadSpec(write('#'.repeat((1 << 20) + 1))));
    expect(fault.code).toBe('SPEC_INVALID');
    expect(fault.hint).toBe('such a file has at most 1024 KiB');
  });
});

test('accounts are checked the same way', async () => {
  const path = write('accounts:\n  - { id: 111111111111, name: shop }\n', 'accounts.yaml');
  const fault = await faultOf(loadAccounts(path));
  expect(fault.code).toBe('CONFIG_INVALID');
  expect(fault.message).toBe(
    'accounts.yaml:2:11: accounts[0].id: expected an account number: twelve digits, in quotes, got 111111111111',
  );
});

test('ports that the spec does not state are those that its tests ask', () => {
  const tests = [
    { http: {} },
    { tcp: { port: 25 } },
    { command: { run: ['ask', '{host}:{port:53}'] } },
    { tcp: { port: 25 } },
  ];
  const spec = imageSpec.parse({ name: 'app', application: { packages: ['a1'], run: { unit: 'a.service' } }, tests });
  expect(spec.application.ports).toEqual([80, 25, 53]);
});
