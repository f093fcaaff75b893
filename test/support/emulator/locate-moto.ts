import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VENV = fileURLToPath(new URL('../../../node_modules/.cache/kiln-moto', import.meta.url));
const REQUIREMENT = 'moto[server]>=5.2,<6';

export type Moto = { readonly command: string } | { readonly missing: string };

/** The AWS emulator's server: the installed one, else one in a virtual environment made for it; or why there is none. */
export function locateMoto(): Moto {
  const installed = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'moto_server'));
  const command = installed.find(executable);
  return command && starts(command) ? { command } : fromVirtualEnvironment();
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

function fromVirtualEnvironment(): Moto {
  const command = join(VENV, 'bin/moto_server');
  if (executable(command)) return { command };
  const lock = `${VENV}.lock`;
  mkdirSync(join(VENV, '..'), { recursive: true });
  // Two test files may look for it at once: the second waits for the first one's lock.
  const script = '[ -x "$0/bin/moto_server" ] || { python3 -m venv "$0" && "$0/bin/pip" install --quiet "$1"; }';
  const made = spawnSync('flock', [lock, 'sh', '-c', script, VENV, REQUIREMENT], {
    encoding: 'utf8',
    timeout: 300_000,
  });
  if (made.status === 0 && executable(command)) return { command };
  if (existsSync(VENV)) rmSync(VENV, { recursive: true, force: true });
  return { missing: `no moto_server is installed, and pip could not bring ${REQUIREMENT}: ${lastLine(made.stderr)}` };
}

const lastLine = (text: string | null) => text?.trim().split('\n').at(-1) ?? 'python3 does not start';
