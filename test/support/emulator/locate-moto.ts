import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VENV = fileURLToPath(new URL('../../../node_modules/.cache/kiln-moto', import.meta.url));
/** Why there is none, for the other suites of a test run: pip takes a minute to give up. */
const GIVEN_UP = join(tmpdir(), 'kiln-no-moto');
const REQUIREMENT = 'moto[server]>=5.2,<6';

export type Moto = { readonly command: string } | { readonly missing: string };

/** The AWS emulator's server: the installed one, else one in a virtual environment made for it; or why there is none. */
export function locateMoto(): Moto {
  if (existsSync(GIVEN_UP)) return { missing: readFileSync(GIVEN_UP, 'utf8') };
  const found = findMoto(VENV);
  if ('missing' in found) writeFileSync(GIVEN_UP, found.missing);
  return found;
}

/** The same with a folder of its own for the virtual environment. */
export function findMoto(venv: string): Moto {
  const installed = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'moto_server'));
  const command = installed.find(executable);
  return command && starts(command) ? { command } : fromVirtualEnvironment(venv);
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

// A version manager's shim is there even where the Python behind it has no moto.
function starts(command: string): boolean {
  return spawnSync(command, ['--help'], { stdio: 'ignore', timeout: 30_000 }).status === 0;
}

function fromVirtualEnvironment(venv: string): Moto {
  const command = join(venv, 'bin/moto_server');
  if (executable(command)) return { command };
  const lock = `${venv}.lock`;
  mkdirSync(join(venv, '..'), { recursive: true });
  // Two test files may look for it at once: the second waits for the first one's lock.
  const script = '[ -x "$0/bin/moto_server" ] || { python3 -m venv "$0" && "$0/bin/pip" install --quiet "$1"; }';
  const made = spawnSync('flock', [lock, 'sh', '-c', script, venv, REQUIREMENT], {
    encoding: 'utf8',
    timeout: 300_000,
  });
  if (made.status === 0 && executable(command)) return { command };
  if (existsSync(venv)) rmSync(venv, { recursive: true, force: true });
  return { missing: `no moto_server is installed, and pip could not bring ${REQUIREMENT}: ${lastLine(made.stderr)}` };
}

const lastLine = (text: string | null) => text?.trim().split('\n').at(-1) ?? 'python3 does not start';
