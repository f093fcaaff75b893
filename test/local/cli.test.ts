import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

const KILN = fileURLToPath(new URL('../../kiln', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'kiln-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));

function kiln(args: readonly string[], options: { program?: string; shell?: string } = {}) {
  const env = { ...process.env, KILN_HOME: join(folder, 'home'), NO_COLOR: '1', KILN_DEBUG: '' };
  const { program = KILN, shell } = options;
  const run = shell
    ? spawnSync('bash', ['-c', shell, program], { encoding: 'utf8', env, cwd: folder })
    : spawnSync(program, args, { encoding: 'utf8', env, cwd: folder });
  return { status: run.status, stdout: run.stdout, stderr: run.stderr };
}

test('help lists every command, and a command’s help its options', () => {
  const { status, stdout } = kiln(['--help']);
  expect(status).toBe(0);
  const commands =
    'init resolve build fix why why-not tree diff inspect images builds show launch share revoke can recall debug serve tick lifecycle clean doctor';
  for (const name of commands.split(' ')) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  expect(kiln(['help', 'build']).stdout).toContain('--locked');
  expect(kiln(['build', '--help']).stdout).toContain('--json');
});

describe('wrong command lines end with 64 and say what is near', () => {
  test.each([
    { summary: 'an unknown command', args: ['biuld'], says: 'unknown command biuld\n  hint: did you mean build?' },
    {
      summary: 'an unknown option',
      args: ['build', '--fource', 'x'],
      says: 'unknown option --fource\n  hint: did you mean --force?',
    },
    {
      summary: 'a missing argument',
      args: ['build'],
      says: 'missing required argument spec\n  hint: kiln build --help',
    },
    { summary: 'a missing option', args: ['launch', 'nginx'], says: '--account' },
    { summary: 'an argument too many', args: ['images', 'x'], says: 'too many arguments' },
    { summary: 'no command', args: [], says: 'no command' },
    { summary: 'a reference that is none', args: ['show', 'a@b@c'], says: 'a@b@c is not an image' },
  ])('$summary', ({ args, says }) => {
    const { status, stdout, stderr } = kiln(args);
    expect(stderr).toContain(says);
    expect(stdout).toBe('');
    expect(status).toBe(64);
  });
});

describe('what is wrong with the input has a status of its own', () => {
  test('a wrong spec: 65, with the place', () => {
    writeFileSync(join(folder, 'image.yaml'), 'name: app\napplicaton: {}\n');
    const { status, stderr } = kiln(['build', 'image.yaml']);
    expect(stderr).toContain('image.yaml:2:1: applicaton: unknown key; did you mean application?');
    expect(stderr).not.toContain('    at ');
    expect(status).toBe(65);
  });

  test('a spec that is not there: 66', () => {
    const { status, stderr } = kiln(['build', './imag.yaml']);
    expect(stderr).toContain('did you mean');
    expect(status).toBe(66);
  });

  test('an image that nobody knows: 66, and JSON for machines', () => {
    const { status, stdout, stderr } = kiln(['show', 'nothing', '--json']);
    expect(JSON.parse(stdout).error.code).toBe('NOT_FOUND');
    expect(stderr).toContain('kiln: no image nothing');
    expect(status).toBe(66);
  });

  test('init never writes over a file: 64', () => {
    writeFileSync(join(folder, 'there.yaml'), 'mine\n');
    const { status, stderr } = kiln(['init', 'nginx', '--out', 'there.yaml']);
    expect(stderr).toContain('--force');
    expect(status).toBe(64);
  });
});

test('lists are empty at first, for people and for machines', () => {
  expect(kiln(['images']).stdout).toContain('no images yet');
  expect(JSON.parse(kiln(['images', '--json']).stdout)).toEqual([]);
  expect(JSON.parse(kiln(['builds', '--json']).stdout)).toEqual([]);
});

test('it runs through a symbolic link, from anywhere', () => {
  symlinkSync(KILN, join(folder, 'linked'));
  expect(kiln(['--version'], { program: join(folder, 'linked') }).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('a reader that goes away is no fault', () => {
  const { status, stderr } = kiln([], { shell: 'set -o pipefail; "$0" --help | true; "$0" images --json | true' });
  expect(stderr).not.toContain('EPIPE');
  expect(status).toBe(0);
});

test('doctor tells of each side of the machine, and what to do where something is missing', () => {
  const { stdout, status } = kiln(['doctor', '--json']);
  const { ready, findings } = JSON.parse(stdout);
  const names = findings.map((it: { name: string }) => it.name);
  expect(names).toEqual(
    expect.arrayContaining(['root', 'namespaces', 'kvm', 'memory', 'disk space', 'package sources', 'clock']),
  );
  for (const it of findings) if (it.state !== 'ok') expect(it.mend).toMatch(/\w/);
  expect(status).toBe(ready ? 0 : 78);
});
