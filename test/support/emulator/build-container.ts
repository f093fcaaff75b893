import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aptPackageSource } from '../../../src/adapters/local/apt-package-source.ts';
import { unshareIsolatedRoot } from '../../../src/adapters/local/unshare-isolated-root.ts';
import { localFolders } from '../../../src/adapters/local/work-folders.ts';
import { extendClosure, openArchive } from '../../../src/app/lock/closure.ts';
import { stageRoot } from '../../../src/baker/stage/stage.ts';
import type { Lock } from '../../../src/model/lock.ts';
import { imageSpec } from '../../../src/model/spec.ts';
import { systemClock } from '../../../src/ports/clock.ts';
import { silent } from '../../../src/ports/progress.ts';

/** Where this machine keeps what can be fetched or made again. */
export const MACHINE_CACHE = process.env.KILN_CACHE ?? '/var/lib/kiln/cache';

/** What Debian's container images have beside the Essential packages, as far as a bake could find it there. */
const BESIDE = ['apt', 'mount'];

/** A root as that of Debian's slim container image, which the project names, made by this machine's own sources. */
export async function makeContainerRoot(folder: string): Promise<string> {
  const cache = MACHINE_CACHE;
  const source = aptPackageSource({ cache, clock: systemClock });
  const folders = localFolders({ work: folder, cache });
  const run = { command: ['/bin/true'] };
  const spec = imageSpec.parse({ name: 'container', application: { packages: ['base-files'], run } });
  const { universe, indexes } = await openArchive({ source, progress: silent, folders }, spec.os);
  const names = [...universe.essential().map((it) => it.name), ...BESIDE];
  const roots = names.map((relation) => ({ relation, why: { kind: 'boot' as const, purpose: 'container' } }));
  const found = extendClosure(universe, [], roots, spec.resolution);
  if (found.kind === 'unsatisfiable') throw new Error('internal: Essential packages cannot be installed');
  const debs = await source.fetch(found.packages, indexes, silent);
  const lock = { indexes, packages: [], build: { base: found.packages, tools: [] } } as unknown as Lock;
  mkdirSync(folder, { recursive: true });
  const ports = { isolation: unshareIsolatedRoot(), source, progress: silent };
  return (await stageRoot({ lock, debs, work: folder, cache }, ports)).root;
}

export interface ContainerRun {
  readonly root: string;
  /** Folder of the build's source. */
  readonly source: string;
  /** Commands in their order; the first that fails ends the build. */
  readonly commands: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Folders of this machine by where they are in the container. */
  readonly binds: Readonly<Record<string, string>>;
}

const SOURCE = '/codebuild/src';
const GUARD = fileURLToPath(new URL('./loopback-only.mjs', import.meta.url));
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];

/** Makes `$1` the root, with what a privileged container has below /proc, /sys and /dev; what stands after it is `SOURCE TARGET` by twos, then `--`. */
const ENTER = `
set -e
root=$1; shift
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs -o mode=755 dev "$root/dev"
for name in ${DEVICES.join(' ')}; do : > "$root/dev/$name"; mount --bind "/dev/$name" "$root/dev/$name"; done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
while [ "$1" != -- ]; do
  if [ -d "$1" ]; then mkdir -p "$root$2"; else mkdir -p "$(dirname "$root$2")"; : > "$root$2"; fi
  mount --bind "$1" "$root$2"
  shift 2
done
shift
cd "$root"
pivot_root . mnt
exec chroot . /bin/sh -c 'umount -l /mnt; cd ${SOURCE}; exec "$@"' sh "$@"
`;

/**
 * Runs commands as a privileged container does: a root, processes and mounts of its own, the powers of root; connections of its Node
 * reach this machine alone. It ends with this process.
 */
export function runContainer(run: ContainerRun): ChildProcess {
  const binds = { [SOURCE]: run.source, '/codebuild/loopback-only.mjs': GUARD, ...run.binds };
  const pairs = Object.entries(binds).flatMap(([target, from]) => [from, target]);
  const script = run.commands.join('\n');
  const unshare = ['unshare', '--mount', '--pid', '--ipc', '--uts', '--cgroup', '--propagation', 'private'];
  const inner = ['sh', '-c', ENTER, 'sh', run.root, ...pairs, '--', '/bin/sh', '-e', '-c', script];
  return spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...unshare, '--fork', '--kill-child=KILL', '--', ...inner], {
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      CODEBUILD_SRC_DIR: SOURCE,
      NODE_OPTIONS: '--import=file:///codebuild/loopback-only.mjs',
      ...run.environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
}

/** Folders that the machine's cache has for what the baker's buildspec keeps from one build to the next. */
export function cachedFolders(paths: readonly string[]): Record<string, string> {
  const found = paths.map((it) => it.replace(/\/\*\*\/\*$/, ''));
  return Object.fromEntries(found.map((target) => [target, hostFolder(target)]));
}

/** The machine's own cache has packages at its top. */
function hostFolder(target: string): string {
  const name = target.split('/').at(-1) ?? '';
  const folder = name === 'packages' ? MACHINE_CACHE : join(MACHINE_CACHE, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}
