import { z } from 'zod';

/**
 * What is in a baked image, read from its root tree: the facts that rules and CEL expressions judge. Every field is always
 * there; an empty string means 'none' and an empty list 'none found', so that an expression needs no `has()`.
 */

const path = z.string().describe('absolute, without aliases: /usr/bin/sh, never /bin/sh');
const packageOf = z.string().describe('package that ships it; empty when it was made while configuring or by the spec');

export const inventoryPackage = z.strictObject({
  name: z.string(),
  version: z.string(),
  architecture: z.string(),
  sourceName: z.string(),
  sourceVersion: z.string(),
  layer: z.enum(['closure', 'evidence', 'boot']).describe('why it is in'),
  whole: z.boolean().describe('all of its files were chosen, not only some'),
  section: z.string(),
  licences: z
    .array(z.string())
    .describe('short names that its copyright file states, or the common licences that it refers to'),
});
export type InventoryPackage = z.infer<typeof inventoryPackage>;

export const inventoryFile = z.strictObject({
  path,
  type: z.enum(['file', 'directory', 'symlink', 'character', 'block', 'fifo']),
  mode: z.string().describe('four octal digits: set-id and sticky, owner, group, others'),
  uid: z.int(),
  gid: z.int(),
  owner: z.string().describe('name of the user; empty when /etc/passwd has none'),
  group: z.string().describe('name of the group; empty when /etc/group has none'),
  size: z.int().describe('bytes'),
  target: z.string().describe('text of a symbolic link'),
  package: packageOf,
  sha256: z.string().describe('of a regular file’s bytes'),
  setuid: z.boolean(),
  setgid: z.boolean(),
  sticky: z.boolean(),
  worldReadable: z.boolean(),
  worldWritable: z.boolean(),
  groupWritable: z.boolean(),
  executable: z.boolean().describe('somebody may execute it'),
  capabilities: z.array(z.string()).describe('file capabilities, such as cap_net_raw'),
});
export type InventoryFile = z.infer<typeof inventoryFile>;

export const inventoryElf = z.strictObject({
  path,
  package: packageOf,
  kind: z
    .enum(['executable', 'library', 'object'])
    .describe('executable: has a program interpreter or is statically linked'),
  interpreter: z.string(),
  soname: z.string(),
  needed: z.array(z.string()),
  searchPath: z.array(z.string()).describe('RPATH and RUNPATH'),
  requiredVersions: z.array(z.string()).describe('library:version, such as libc.so.6:GLIBC_2.34'),
  definedVersions: z.array(z.string()),
  relro: z.enum(['none', 'partial', 'full']),
  pie: z.boolean().describe('position independent'),
  executableStack: z.boolean(),
  stackProtector: z.boolean().describe('refers to __stack_chk_fail'),
  fortified: z.boolean().describe('refers to a checked function of the C library, such as __memcpy_chk'),
  reachable: z.boolean().describe('something in the image can run or load it'),
});
export type InventoryElf = z.infer<typeof inventoryElf>;

export const inventoryScript = z.strictObject({
  path,
  package: packageOf,
  interpreter: z.string().describe('path after #!'),
  command: z.string().describe('what env is asked for; else empty'),
  reachable: z.boolean(),
});
export type InventoryScript = z.infer<typeof inventoryScript>;

export const inventoryUnit = z.strictObject({
  name: z.string(),
  path,
  package: packageOf,
  enabled: z.boolean().describe('wanted or required by a target, or the application’s own'),
  commands: z.array(
    z.strictObject({
      key: z.string(),
      line: z.int(),
      program: z.string(),
      optional: z.boolean().describe('may fail: “-”'),
    }),
  ),
  user: z.string(),
  groups: z.array(z.string()).describe('Group and SupplementaryGroups'),
  requires: z.array(z.string()).describe('Requires, BindsTo, Requisite'),
  wants: z.array(z.string()),
  settings: z
    .record(z.string(), z.string())
    .describe('Section.Key: last value; of a list all of them, with a space between'),
});
export type InventoryUnit = z.infer<typeof inventoryUnit>;

export const inventoryUser = z.strictObject({
  name: z.string(),
  uid: z.int(),
  gid: z.int(),
  home: z.string(),
  shell: z.string(),
  password: z
    .enum(['empty', 'locked', 'none', 'set', 'weak'])
    .describe('none: “*” or “!”; locked: a hash behind “!”; weak: DES or MD5 hash; never the value'),
  shadowed: z.boolean().describe('the password is in /etc/shadow, or nowhere'),
  login: z.boolean().describe('has a shell that lets somebody in and that is in the image'),
  system: z.boolean().describe('uid below 1000, or 65534'),
});
export type InventoryUser = z.infer<typeof inventoryUser>;

export const inventoryGroup = z.strictObject({
  name: z.string(),
  gid: z.int(),
  members: z.array(z.string()),
});
export type InventoryGroup = z.infer<typeof inventoryGroup>;

export const inventorySecret = z.strictObject({
  path,
  package: packageOf,
  kind: z.enum(['private-key', 'host-key', 'password-file', 'token', 'machine-id', 'random-seed']),
  format: z.string().describe('such as PKCS#8, OpenSSH, PKCS#1'),
  encrypted: z.boolean(),
  line: z.int().describe('first line of it; 0 for binary material'),
});
export type InventorySecret = z.infer<typeof inventorySecret>;

const service = z.strictObject({
  unit: z.string().describe('empty when the spec states a command'),
  command: z.array(z.string()),
  user: z.string(),
  group: z.string(),
  directories: z.array(z.string()).describe('that must be there and writable for it'),
});

export const inventoryVulnerability = z.strictObject({
  id: z.string().describe('CVE where there is one'),
  package: z.string().describe('binary package'),
  source: z.string().describe('source package'),
  version: z.string().describe('of the source package'),
  fixedIn: z.string().describe('first version without it; empty where there is none'),
  severity: z.string().describe('info, low, medium, high, critical, or unknown'),
});
export type InventoryVulnerability = z.infer<typeof inventoryVulnerability>;

export const inventory = z.strictObject({
  inventoryVersion: z.literal(1),
  image: z.strictObject({
    name: z.string(),
    labels: z.record(z.string(), z.string()),
    release: z.string(),
    architecture: z.string(),
    init: z.string(),
    roots: z.array(z.string()).describe('packages that the spec asks for by name'),
    lockDigest: z.string(),
    bytes: z.int().describe('of all regular files'),
  }),
  service: service.describe('what runs the application'),
  packages: z.array(inventoryPackage),
  files: z.array(inventoryFile),
  elf: z.array(inventoryElf),
  scripts: z.array(inventoryScript),
  units: z.array(inventoryUnit),
  users: z.array(inventoryUser),
  groups: z.array(inventoryGroup),
  shells: z.array(z.string()).describe('/etc/shells'),
  secrets: z.array(inventorySecret).describe('key and password material: where, never the value'),
  ssh: z.strictObject({
    server: z.boolean().describe('sshd is in'),
    options: z
      .record(z.string(), z.string())
      .describe('sshd_config, lower-case keys, first value wins, defaults of OpenSSH filled in'),
  }),
  pam: z.array(
    z.strictObject({ service: z.string(), type: z.string(), control: z.string(), module: z.string(), line: z.int() }),
  ),
  sysctl: z
    .record(z.string(), z.string())
    .describe('settings of sysctl.conf and sysctl.d that something in the image applies or would'),
  mounts: z
    .array(z.strictObject({ device: z.string(), path: z.string(), type: z.string(), options: z.array(z.string()) }))
    .describe('/etc/fstab'),
  tls: z
    .array(z.strictObject({ path, line: z.int(), server: z.string(), setting: z.string(), value: z.string() }))
    .describe('TLS settings of known servers’ configuration'),
  ports: z.array(z.int()).describe('that the spec says the application listens on'),
  listening: z
    .array(z.strictObject({ port: z.int(), protocol: z.string(), address: z.string() }))
    .describe('seen in the test run, in its first minute or when it was stopped; empty before it'),
  kernel: z.strictObject({
    package: z.string(),
    commandLine: z.array(z.string()).describe('all of it, word by word'),
    config: z
      .record(z.string(), z.string())
      .describe('options of the kernel package’s configuration without CONFIG_, such as RANDOMIZE_BASE: y'),
    modules: z.array(z.string()).describe('kernel modules in the root tree, by name'),
  }),
  vulnerabilities: z
    .array(inventoryVulnerability)
    .describe('by the advisories that the policy names; empty where it names none'),
  vulnerabilitiesKnown: z
    .boolean()
    .describe('advisories were at hand; where not, `vulnerabilities` is empty and means nothing'),
});
export type Inventory = z.infer<typeof inventory>;

/** One thing that something in the image needs, as the evidence rules found it. */
export interface Need {
  readonly rule: string;
  /** File that shows the need. */
  readonly by: string;
  /** A path, a soname, a command. */
  readonly needs: string;
  readonly line?: number;
  /** False: it may be needed, but nothing proves it. */
  readonly required: boolean;
}

/** What can run or be loaded in an image and why, and what of that is not there. */
export interface Reachability {
  readonly reachable: ReadonlyMap<string, readonly Need[]>;
  /** Of those, what is executed; a module that is only imported is not. Absent: all of them. */
  readonly executed?: ReadonlySet<string>;
  readonly missing: readonly Need[];
}
