import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { CommandTest } from '../../src/adapters/aws/command-tester.ts';
import { probeInstance } from '../../src/adapters/local/probe.ts';
import { KilnError } from '../../src/model/error.ts';
import { systemClock } from '../../src/ports/clock.ts';
import type { Instance, TestResult } from '../../src/ports/test-bed.ts';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Enters the root `$1`, with the devices and processes of its own namespace and none of the environment, and runs what stands after it. */
const ENTER = `set -e
root=$1; shift
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
exec chroot "$root" /usr/bin/env -i PATH=${PATH} HOME=/root LANG=C.UTF-8 "$@"`;

const UNSHARE = [
  'unshare',
  '--mount',
  '--pid',
  '--ipc',
  '--propagation',
  'private',
  '--fork',
  '--kill-child=KILL',
  '--',
];

/**
 * Runs a test's command in the root that a tar holds, again and again as on one machine, until it passes or the test's time is over.
 * Throws HOST_NOT_READY where the root has no such program.
 */
export async function runInRoot(tar: string, instance: Instance, test: CommandTest): Promise<TestResult> {
  const root = mkdtempSync(join(tmpdir(), 'kiln-tester-'));
  try {
    execFileSync('tar', ['-x', '-p', '--numeric-owner', '-f', tar, '-C', root]);
    const [program = ''] = test.command.run;
    if (!hasProgram(root, program)) {
      const { packages } = test.command;
      const hint =
        packages.length > 0 ? `${packages.join(', ')} do not bring it` : 'name its Debian package in command.packages';
      throw new KilnError('HOST_NOT_READY', `a test runs ${program}, which its tester has not`, { hint });
    }
    const run = [...UNSHARE, 'sh', '-c', ENTER, 'sh', root, ...test.command.run];
    const context = { clock: systemClock, console: () => '', isAlive: () => true, established: async () => true };
    return await probeInstance(instance, { ...test, command: { ...test.command, run } }, context);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function hasProgram(root: string, program: string): boolean {
  const places = program.includes('/') ? [program] : PATH.split(':').map((folder) => `${folder}/${program}`);
  return places.some((it) => isThere(root, it));
}

const MOST_LINKS = 20;

/** Symbolic links are followed within the root. */
function isThere(root: string, path: string, links = 0): boolean {
  if (links > MOST_LINKS) return false;
  const parts = path.split('/').filter((it) => it !== '');
  for (const [index] of parts.entries()) {
    const here = `/${parts.slice(0, index + 1).join('/')}`;
    const target = linkOf(join(root, here));
    if (target === undefined) continue;
    return isThere(root, join(resolve(dirname(here), target), ...parts.slice(index + 1)), links + 1);
  }
  return existsSync(join(root, path));
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
