import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findMoto } from '../support/emulator/locate-moto.ts';

// Among what `npm run test:aws:faults` runs. What pip installs here is a package of the same name that this test makes: nothing is fetched.

const before = { ...process.env };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kiln-moto-'));
  for (const name of ['wheels', 'bin']) mkdirSync(join(folder, name));
  for (const name of ['sh', 'flock', 'python3']) symlinkSync(`/usr/bin/${name}`, join(folder, 'bin', name));
  const pip = { PIP_NO_INDEX: '1', PIP_FIND_LINKS: join(folder, 'wheels'), PIP_CONFIG_FILE: '/dev/null' };
  Object.assign(process.env, { PATH: join(folder, 'bin'), ...pip });
});
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
  rmSync(folder, { recursive: true, force: true });
});

/** A wheel as small as they come (PEP 427), with the one command. */
const WHEEL = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1] + '/moto-5.2.9-py3-none-any.whl', 'w') as wheel:
    wheel.writestr('moto/__init__.py', 'def main():\\n    print("moto")\\n')
    info = 'moto-5.2.9.dist-info/'
    wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\\nName: moto\\nVersion: 5.2.9\\nProvides-Extra: server\\n')
    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr(info + 'entry_points.txt', '[console_scripts]\\nmoto_server = moto:main\\n')
    wheel.writestr(info + 'RECORD', '')
`;

const TIME_MS = 300_000;

test(
  'where none is installed pip brings one into an environment of its own, once',
  () => {
    execFileSync('python3', ['-c', WHEEL, join(folder, 'wheels')]);
    const found = findMoto(join(folder, 'environment'));
    expect(found).toEqual({ command: join(folder, 'environment/bin/moto_server') });
    expect('command' in found && execFileSync(found.command, { encoding: 'utf8' })).toBe('moto\n');
    rmSync(join(folder, 'wheels'), { recursive: true });
    expect(findMoto(join(folder, 'environment'))).toEqual(found);
  },
  TIME_MS,
);

test(
  'where pip has none either, that is said, and nothing is left',
  () => {
    writeFileSync(join(folder, 'wheels/other.txt'), '');
    const found = findMoto(join(folder, 'environment'));
    expect(found).toEqual({
      missing: expect.stringMatching(/no moto_server is installed, and pip could not bring moto/),
    });
    expect(existsSync(join(folder, 'environment'))).toBe(false);
  },
  TIME_MS,
);
