import { type MemoryFile, memoryTree } from '../../../src/formats/tree/memory-tree.ts';
import type { FileEntry, FileTree } from '../../../src/model/file-tree.ts';
import type { Verdict } from '../../../src/model/finding.ts';
import type { Inventory, InventoryVulnerability, Reachability } from '../../../src/model/inventory.ts';
import type { Lock } from '../../../src/model/lock.ts';
import type { Policy } from '../../../src/model/policy.ts';
import { policy } from '../../../src/model/policy.ts';
import { type ImageSpec, imageSpec } from '../../../src/model/spec.ts';
import { compilePolicies } from '../../../src/validator/compile-policy.ts';
import { readInventory } from '../../../src/validator/inventory.ts';
import { type ValidationRequest, validate } from '../../../src/validator/validate.ts';
import { makeElf } from '../../support/make-elf.ts';

type Files = Record<string, MemoryFile>;

const LIBRARIES = '/usr/lib/x86_64-linux-gnu';
const INTERPRETER = '/lib64/ld-linux-x86-64.so.2';
const program = (elf: Parameters<typeof makeElf>[0]): MemoryFile => ({
  content: makeElf({ interpreter: INTERPRETER, ...elf }),
  mode: 0o755,
});

/** Files of the packages of a small healthy image. */
export const SHIPPED: Record<string, Files> = {
  app: {
    '/usr/sbin/app': program({
      needed: ['libapp.so.1', 'libc.so.6'],
      imports: ['run@APP_1 of libapp.so.1', 'open@GLIBC_2.34', '?later@GLIBC_2.99'],
    }),
    '/usr/bin/app-tool': { content: '#! /bin/sh -e\necho\n', mode: 0o755 },
    '/usr/lib/systemd/system/app.service':
      '[Service]\nExecStart=/usr/sbin/app --serve\nExecStartPost=-/usr/bin/absent\nUser=app\nStateDirectory=app\nWorkingDirectory=/var/lib/app\n',
    '/etc/app.conf': 'port 8080\n',
    '/var/lib/app': { uid: 100, gid: 100, mode: 0o750 },
  },
  libapp1: {
    [`${LIBRARIES}/libapp.so.1`]: makeElf({
      soname: 'libapp.so.1',
      needed: ['libc.so.6'],
      imports: ['open@GLIBC_2.34'],
      exports: ['run@APP_1', 'stop@APP_1'],
    }),
  },
  libc6: {
    '/lib64/ld-linux-x86-64.so.2': { content: makeElf({ soname: 'ld-linux-x86-64.so.2' }), mode: 0o755 },
    [`${LIBRARIES}/libc.so.6`]: makeElf({ soname: 'libc.so.6', exports: ['open@GLIBC_2.34', 'close@GLIBC_2.2.5'] }),
  },
  dash: { '/usr/bin/sh': { content: makeElf({ interpreter: INTERPRETER, needed: ['libc.so.6'] }), mode: 0o755 } },
};

const DEPENDS: Record<string, string> = {
  app: 'libapp1 (>= 1.0), mail-agent | libc6',
  libapp1: 'libc6 (>= 2.36)',
  libc6: '',
  dash: 'debianutils',
};
const VERSIONS: Record<string, string> = { app: '1.0-1', libapp1: '1.2-1', libc6: '2.36-9', dash: '0.5.12-2' };

const GENERATED: Files = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\napp:x:100:100::/var/lib/app:/usr/sbin/nologin\n',
  '/etc/group': 'root:x:0:\nwww-data:x:33:\napp:x:100:\n',
  '/etc/shadow': 'root:*:1:::::::\napp:!:1::::::\n',
  '/etc/nsswitch.conf': 'passwd: files\nhosts: files dns\n',
  '/etc/machine-id': '',
  '/tmp': { mode: 0o1777 },
  '/bin': { target: 'usr/bin' },
  '/sbin': { target: 'usr/sbin' },
  '/lib': { target: 'usr/lib' },
  '/lib64': { target: 'usr/lib64' },
  '/etc/systemd/system/multi-user.target.wants/app.service': { target: '/usr/lib/systemd/system/app.service' },
};

const hex = (digit: string) => digit.repeat(64);

const LOCK: Lock = {
  lockVersion: 1,
  image: 'app',
  specDigest: hex('0'),
  os: { family: 'debian', release: 'bookworm', architecture: 'amd64' },
  indexes: [],
  packages: Object.keys(SHIPPED)
    .sort()
    .map((name) => ({
      name,
      version: VERSIONS[name]!,
      architecture: 'amd64',
      source: { name, version: VERSIONS[name]! },
      sha256: hex('1'),
      sizeBytes: 1,
      installedSizeKiB: 1,
      filename: `pool/${name}.deb`,
      index: 0,
      layer: name === 'dash' ? ('evidence' as const) : ('closure' as const),
      why: [{ kind: 'spec' as const, field: 'application.packages' }],
      ...(name === 'dash' ? { files: ['/usr/bin/sh'] } : {}),
    })),
  build: { base: [], tools: [] },
  excluded: { packages: 0, essential: [] },
  proof: { kind: 'optimal', installedSizeKiB: 4, lowerBoundKiB: 4 },
  unproven: [],
  digest: hex('2'),
};

const status = (name: string): string =>
  `Package: ${name}\nStatus: install ok installed\nVersion: ${VERSIONS[name]}\nArchitecture: amd64\n${DEPENDS[name] ? `Depends: ${DEPENDS[name]}\n` : ''}`;

/** How an image differs from the healthy one: files laid over it (null: removed), a spec's other parts, a lock's. */
export interface Difference {
  readonly files?: Readonly<Record<string, MemoryFile | null>>;
  readonly application?: Record<string, unknown>;
  readonly spec?: Record<string, unknown>;
  readonly lock?: (lock: Lock) => Lock;
  readonly reachability?: Reachability;
  readonly withoutContents?: boolean;
  /** Permitted capabilities of files, as bits. */
  readonly capabilities?: Readonly<Record<string, number>>;
  readonly providers?: Readonly<Record<string, string>>;
  /** Known vulnerabilities, by advisories that are at hand. */
  readonly vulnerabilities?: readonly Partial<InventoryVulnerability>[];
}

/** The healthy image, changed. */
export function imageWith(difference: Difference = {}): Omit<ValidationRequest, 'packs'> {
  const files: Files = { ...GENERATED };
  for (const [name, shipped] of Object.entries(SHIPPED))
    Object.assign(files, shipped, { [`/var/lib/dpkg/status.d/${name}`]: status(name) });
  for (const [path, file] of Object.entries(difference.files ?? {})) {
    if (file === null) delete files[path];
    else files[path] = file;
  }
  const { providers = {}, vulnerabilities } = difference;
  const request: Omit<ValidationRequest, 'packs'> = {
    tree: withCapabilities(memoryTree(files), difference.capabilities ?? {}),
    lock: difference.lock ? difference.lock(structuredClone(LOCK)) : LOCK,
    spec: specOf(difference),
    contents: difference.withoutContents ? undefined : contentsOfPackages(),
    reachability: difference.reachability,
    providerOf: (want) => providers[want],
    today: '2026-11-21',
  };
  return vulnerabilities ? { ...request, inventory: advised(readInventory(request), vulnerabilities) } : request;
}

function advised(inventory: Inventory, vulnerabilities: readonly Partial<InventoryVulnerability>[]): Inventory {
  const one = {
    id: 'CVE-2026-1',
    package: 'libapp1',
    source: 'libapp',
    version: '1.2-1',
    fixedIn: '',
    severity: 'high',
  };
  return {
    ...inventory,
    vulnerabilities: vulnerabilities.map((it) => ({ ...one, ...it })),
    vulnerabilitiesKnown: true,
  };
}

function withCapabilities(tree: FileTree, capabilities: Readonly<Record<string, number>>): FileTree {
  const attribute = (bits: number) => {
    const bytes = Buffer.alloc(20);
    bytes.writeUInt32LE(0x02000001, 0);
    bytes.writeUInt32LE(bits, 4);
    return bytes;
  };
  const marked = (entry: FileEntry): FileEntry => {
    const bits = capabilities[entry.path];
    return bits === undefined ? entry : { ...entry, xattrs: new Map([['security.capability', attribute(bits)]]) };
  };
  return { ...tree, entries: () => [...tree.entries()].map(marked) };
}

function specOf({ application, spec }: Difference): ImageSpec {
  return imageSpec.parse({
    name: 'app',
    application: { packages: ['app'], run: { unit: 'app.service' }, ports: [8080], ...application },
    ...spec,
  });
}

function contentsOfPackages(): Map<string, FileTree> {
  return new Map(Object.entries(SHIPPED).map(([name, files]) => [name, memoryTree(files, { package: name })]));
}

/** What one rule says of the healthy image, changed. */
export function judge(rule: string, difference: Difference = {}, parameters: Record<string, unknown> = {}): Verdict {
  return judgeBy({ name: 'test', rules: [{ rule, severity: 'high', parameters }] }, difference)[0]!;
}

/** What each rule of a policy says of the healthy image, changed. */
export function judgeBy(source: Parameters<typeof policy.parse>[0], difference: Difference = {}): Verdict[] {
  const parsed: Policy = policy.parse(source);
  const { packs, issues } = compilePolicies([parsed]);
  if (issues.length > 0) throw new Error(issues.map((it) => `${it.path.join('.')}: ${it.message}`).join('\n'));
  return validate({ ...imageWith(difference), packs: [packs.get(parsed.name)!] }).verdicts;
}
