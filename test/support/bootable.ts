import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aptPackageSource } from '../../src/adapters/local/apt-package-source.ts';
import { unshareIsolatedRoot } from '../../src/adapters/local/unshare-isolated-root.ts';
import { localFolders } from '../../src/adapters/local/work-folders.ts';
import { extendClosure, openArchive } from '../../src/app/lock/closure.ts';
import { bootRequirements } from '../../src/baker/boot/requirements.ts';
import { assembleDisk } from '../../src/baker/disk/assemble.ts';
import { prepareBoot } from '../../src/baker/disk/boot-parts.ts';
import { runtimeFiles } from '../../src/baker/runtime/runtime-files.ts';
import type { Identity, RuntimeFile } from '../../src/baker/types.ts';
import { folderTree } from '../../src/formats/tree/folder-tree.ts';
import { sha256 } from '../../src/model/canonical.ts';
import type { Lock, LockedDeb } from '../../src/model/lock.ts';
import type { PackageRecord } from '../../src/model/package.ts';
import { imageSpec } from '../../src/model/spec.ts';
import { systemClock } from '../../src/ports/clock.ts';
import { silent } from '../../src/ports/progress.ts';

/** What is fetched once, for all runs of the tests in this checkout. */
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/kiln-boot', import.meta.url));
const EPOCH = 1_763_000_000;

/** A web server that shows its whole root, and can kill itself when asked to. */
export const webServer = ['/usr/bin/busybox', 'httpd', '-f', '-p', '80', '-h', '/srv'];

const files: Readonly<Record<string, { content: string; mode?: number; uid?: number }>> = {
  '/etc/passwd': { content: 'root:x:0:0:root:/root:/usr/bin/busybox\nweb:x:900:900:web:/srv:/bin/false\n' },
  '/etc/group': { content: 'root:x:0:\nweb:x:900:\n' },
  '/etc/hostname': { content: 'bootable\n' },
  '/srv/index.html': { content: 'It boots.' },
  '/srv/cgi-bin/crash': {
    content: `#!/usr/bin/busybox sh\nkill -9 $(ps | awk '/httpd -f/ && !/awk/ { print $1 }')\n`,
    mode: 0o755,
  },
  '/srv/cgi-bin/id': {
    content:
      '#!/usr/bin/busybox sh\nprintf "Content-Type: text/plain\\r\\n\\r\\n"\ncat /etc/machine-id; id -un; hostname\n',
    mode: 0o755,
  },
};

const root = { uid: 0, gid: 0, owner: 'root', group: 'root' };
const identities: Identity[] = [{ kind: 'machine-id', files: [{ path: '/etc/machine-id', mode: 0o444, ...root }] }];

export interface Bootable {
  readonly diskPath: string;
  readonly toolRootCache: string;
  readonly root: string;
  /** Assembles the same disk once more from scratch. */
  again(): Promise<string>;
  remove(): void;
}

/**
 * A disk of a kernel, busybox and a web server by this machine's own sources, in a few seconds: what tests of booting need,
 * without a base to configure packages on.
 */
export async function makeBootable(): Promise<Bootable> {
  const folder = mkdtempSync(join(tmpdir(), 'kiln-boot-'));
  const source = aptPackageSource({ cache: CACHE, clock: systemClock });
  const run = { command: webServer, user: 'root', directories: [{ path: '/run/web', owner: 'web', group: 'web' }] };
  const spec = imageSpec.parse({
    name: 'bootable',
    application: { packages: ['busybox-static'], run, ports: [80] },
    boot: { diskSize: '128MiB' },
  });
  const { lock, busybox } = await lockOf(spec, source);
  const tree = join(folder, 'root');
  const binary = (await source.open(busybox)).data.read('/usr/bin/busybox');
  lay(tree, { path: '/usr/bin/busybox', mode: 0o755, uid: 0, gid: 0, content: binary });
  for (const [path, { content, mode = 0o644, uid = 0 }] of Object.entries(files)) {
    lay(tree, { path, mode, uid, gid: uid, content: Buffer.from(content) });
  }
  for (const name of ['dev', 'proc', 'run', 'sys', 'tmp', 'var/lib', 'root'])
    mkdirSync(join(tree, name), { recursive: true });
  for (const file of runtimeFiles({ spec, tree: folderTree(tree), identities }).files) lay(tree, file);
  const assemble = async (name: string) => {
    const boot = await prepareBoot({ spec, lock, cache: CACHE }, source);
    const request = { root: tree, treeDigest: sha256('bootable'), spec, lock, boot, sourceDateEpoch: EPOCH };
    const ports = { isolation: unshareIsolatedRoot(), progress: silent };
    return (await assembleDisk({ ...request, work: join(folder, name) }, ports)).diskPath;
  };
  return {
    diskPath: await assemble('first'),
    toolRootCache: join(CACHE, 'tool-roots'),
    root: tree,
    again: () => assemble('again'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Puts a root tree that somebody else made on a disk that boots, under a kernel of this machine's own sources; gives the disk's path. */
export async function bootableDisk(root: string, work: string): Promise<string> {
  const source = aptPackageSource({ cache: CACHE, clock: systemClock });
  const boot = { init: 'systemd', diskSize: '2GiB' };
  const spec = imageSpec.parse({ name: 'parent', application: { packages: ['dpkg'], run: { command: ['/a'] } }, boot });
  const { lock } = await lockOf(spec, source);
  const parts = await prepareBoot({ spec, lock, cache: CACHE }, source);
  const request = { root, treeDigest: sha256(work), spec, lock, boot: parts, work, sourceDateEpoch: EPOCH };
  return (await assembleDisk(request, { isolation: unshareIsolatedRoot(), progress: silent })).diskPath;
}

async function lockOf(spec: ReturnType<typeof imageSpec.parse>, source: ReturnType<typeof aptPackageSource>) {
  const { universe, indexes } = await openArchive(
    { source, progress: silent, folders: localFolders({ work: join(CACHE, 'work'), cache: CACHE }) },
    spec.os,
  );
  const needs = bootRequirements(spec);
  const why = { kind: 'boot', purpose: 'test' } as const;
  const tools = extendClosure(
    universe,
    [],
    needs.tools.map((relation) => ({ relation, why })),
    spec.resolution,
  );
  if (tools.kind === 'unsatisfiable') throw new Error('internal: the tools cannot be installed');
  const meta = universe.candidate(needs.kernel)!;
  const kernel = universe
    .relations(meta, 'Depends')
    .flat()
    .find((it) => it.name.startsWith('linux-image-'))!;
  const shipped = [universe.candidate('busybox-static')!, universe.candidate(kernel.name)!];
  await source.fetch([...shipped, ...tools.packages], indexes, silent);
  const locked = ({ name, version, architecture, sha256, sizeBytes, filename, index }: PackageRecord): LockedDeb => {
    return {
      name,
      version,
      architecture,
      source: { name, version },
      sha256,
      sizeBytes,
      filename,
      index,
      installedSizeKiB: 0,
    };
  };
  const packages = shipped.map((record) => ({ ...locked(record), layer: 'boot' as const, why: [why], files: [] }));
  const lock = { packages, build: { base: [], tools: tools.packages.map(locked) } } as unknown as Lock;
  return { lock, busybox: packages[0]! };
}

function lay(tree: string, file: RuntimeFile): void {
  const path = join(tree, file.path);
  mkdirSync(dirname(path), { recursive: true });
  if (file.target !== undefined) {
    symlinkSync(file.target, path);
    return;
  }
  writeFileSync(path, file.content ?? '');
  chmodSync(path, file.mode);
  chownSync(path, file.uid, file.gid);
}
