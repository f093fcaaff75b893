import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decompress } from '../../src/formats/archive/compression.ts';
import { readControl, readDebLayout } from '../../src/formats/archive/deb.ts';
import { openTarTree } from '../../src/formats/archive/tar-tree.ts';
import { readRange } from '../../src/formats/tree/folder-tree.ts';
import { mergedPath } from '../../src/formats/tree/usr-merge.ts';
import type { Lock, LockedDeb, LockedPackage } from '../../src/model/lock.ts';
import type { PackageSource } from '../../src/ports/package-source.ts';
import { type DebFile, type DebSource, makeDeb } from './deb.ts';

const PROGRAMS = [
  'dpkg',
  'dpkg-deb',
  'dpkg-divert',
  'dpkg-query',
  'dpkg-split',
  'update-alternatives',
  'dash',
  'tar',
  'diff',
  'perl',
]
  .concat([
    'cat',
    'chmod',
    'chown',
    'date',
    'id',
    'kill',
    'ln',
    'ls',
    'mkdir',
    'mknod',
    'mount',
    'mv',
    'rm',
    'sleep',
    'touch',
    'dd',
  ])
  .map((name) => `/usr/bin/${name}`)
  .concat('/usr/sbin/ldconfig', '/usr/sbin/start-stop-daemon');

/**
 * An Essential package with this machine's own dpkg, shell and the programs that maintainer scripts of tests call: a base to
 * configure packages on, without fetching Debian's.
 */
export function toolbox(): DebSource {
  const files: Record<string, DebFile> = {
    '/usr/bin/sh': { target: 'dash' },
    '/var/log': { mode: 0o755 },
    '/etc/ld.so.conf': 'include /etc/ld.so.conf.d/*.conf\n',
  };
  for (const path of [...PROGRAMS, ...PROGRAMS.flatMap(librariesOf)]) {
    files[mergedPath(path)] = { content: readFileSync(path), mode: 0o755 };
  }
  const postinst =
    '#!/bin/sh\necho root:x:0:0::/root:/bin/sh > /etc/passwd\necho root:x:0: > /etc/group\necho "root:*:1::::::" > /etc/shadow\n';
  return { name: 'toolbox', essential: true, architecture: 'amd64', files, scripts: { postinst }, compression: '' };
}

/** Paths of the libraries and the interpreter that a program of this machine loads. */
export function librariesOf(program: string): string[] {
  try {
    const listing = execFileSync('ldd', [program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return [...listing.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path!);
  } catch {
    return [];
  }
}

/** The toolbox is large and taken by every test of a file. */
const built = new WeakMap<DebSource, Buffer>();

/** Packages in a folder, as a lock and a source of them. */
export interface LockedDebs {
  readonly lock: Lock;
  readonly debs: ReadonlyMap<string, string>;
  readonly source: Pick<PackageSource, 'open'>;
}

/** A package that ships whole, or with `only` these files of it. */
export interface Shipped extends DebSource {
  readonly only?: string[];
}

/** Makes .debs in a folder and the lock that ships `ships` on top of a base of `base`. */
export function lockDebs(folder: string, base: readonly DebSource[], ships: readonly Shipped[]): LockedDebs {
  mkdirSync(folder, { recursive: true });
  const debs = new Map<string, string>();
  const add = (deb: DebSource): LockedDeb => {
    const bytes = built.get(deb) ?? makeDeb(deb);
    built.set(deb, bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const path = join(folder, `${sha256}.deb`);
    writeFileSync(path, bytes);
    debs.set(sha256, path);
    const { name, version = '1.0', architecture = 'all' } = deb;
    const common = { name, version, architecture, source: { name, version }, index: 0, installedSizeKiB: 1 };
    return { ...common, sha256, sizeBytes: bytes.length, filename: `pool/${name}.deb` };
  };
  const ship = (deb: Shipped): LockedPackage => ({
    ...add(deb),
    layer: deb.only ? 'evidence' : 'closure',
    why: [{ kind: 'spec', field: 'application.packages' }],
    ...(deb.only ? { files: deb.only } : {}),
  });
  return {
    lock: lockOf(base.map(add), ships.map(ship)),
    debs,
    source: { open: (deb) => Promise.resolve(open(deb.name, debs.get(deb.sha256)!)) },
  };
}

function lockOf(base: LockedDeb[], packages: LockedPackage[]): Lock {
  const zero = '0'.repeat(64);
  const index = {
    origin: 'Debian',
    label: 'Debian',
    suite: 'stable',
    codename: 'bookworm',
    component: 'main',
    architecture: 'amd64',
  };
  return {
    lockVersion: 1,
    image: 'app',
    specDigest: zero,
    os: { family: 'debian', release: 'bookworm', architecture: 'amd64' },
    indexes: [{ ...index, sha256: zero, date: '2026-01-02T03:04:05.000Z' }],
    packages,
    build: { base, tools: [] },
    excluded: { packages: 0, essential: [] },
    proof: { kind: 'feasible', installedSizeKiB: 0, lowerBoundKiB: 0 },
    unproven: [],
    digest: zero,
  };
}

function open(name: string, path: string) {
  const layout = readDebLayout(path);
  const { offset, size, compression } = layout.data;
  const tar = `${path}.tar`;
  if (!existsSync(tar)) writeFileSync(tar, decompress(readRange(path, offset, size), compression));
  return { control: readControl(path, layout), data: openTarTree(tar, { package: name }), dataTar: tar };
}
