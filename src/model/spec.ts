import { z } from 'zod';
import { accountId } from './account.ts';

/** `image.yaml`: what an image is for, what it runs, how it is tested and who may have it. */

const absolutePath = z.string().regex(/^\/(?!.*(^|\/)\.\.(\/|$))/, 'an absolute path without ".."');
const packageName = z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/, 'a package name (Debian Policy §5.6.1)');
/** A package name, optionally with a version relation: `nginx`, `nginx (>= 1.22)`. */
const packageRelation = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?( *\((<<|<=|=|>=|>>) *[^ ()]+\))?$/,
    'a package name, optionally with a version: "nginx (>= 1.22)"',
  );
const port = z.int().min(1).max(65535);
const duration = z.string().regex(/^\d+(ms|s|m|h)$/, 'a duration such as 90s or 5m');
const mode = z.string().regex(/^[0-7]{3,4}$/, 'an octal mode in quotes, such as "0644"');

export const aptSource = z.strictObject({
  uri: z.string().optional().describe('base of the archive; default: the machine’s own apt configuration'),
  suites: z.array(z.string()).min(1),
  components: z.array(z.string()).default(['main']),
  signedBy: z.string().optional().describe('keyring file; default: the machine’s own apt configuration'),
  priority: z.int().optional().describe('apt pin priority; default 500, or what NotAutomatic says'),
});
export type AptSource = z.infer<typeof aptSource>;

const os = z.strictObject({
  family: z.literal('debian').default('debian'),
  release: z.string().default('bookworm').describe('codename'),
  architecture: z.enum(['amd64']).default('amd64'),
  sources: z.array(aptSource).optional().describe('default: those of the machine whose Release says Origin: Debian'),
});

export const extraFile = z
  .strictObject({
    path: absolutePath,
    content: z.string().optional(),
    source: z.string().optional().describe('file or folder, relative to the spec'),
    mode: mode.default('0644'),
    owner: z.string().default('root'),
    group: z.string().default('root'),
  })
  .refine((file) => (file.content === undefined) !== (file.source === undefined), 'exactly one of content and source');
export type ExtraFile = z.infer<typeof extraFile>;

const command = z.array(z.string().min(1)).min(1);

export const run = z
  .strictObject({
    unit: z
      .string()
      .regex(/^[^/]+\.service$/, 'the name of a .service unit')
      .optional(),
    command: command.optional().describe('program with an absolute path, then its arguments'),
    user: z.string().optional(),
    group: z.string().optional(),
    workingDirectory: absolutePath.optional(),
    environment: z.record(z.string(), z.string()).default({}),
    before: z.array(command).default([]).describe('commands run to their end, as root, before each start'),
    directories: z
      .array(
        z.strictObject({
          path: absolutePath,
          mode: mode.default('0755'),
          owner: z.string().default('root'),
          group: z.string().default('root'),
        }),
      )
      .default([])
      .describe('made at each boot where they are missing, such as /run/postgresql'),
  })
  .refine((it) => (it.unit === undefined) !== (it.command === undefined), 'exactly one of unit and command');
export type Run = z.infer<typeof run>;

const application = z.strictObject({
  packages: z.array(packageRelation).default([]).describe('roots of the closure'),
  from: z
    .strictObject({
      path: z.string().describe('folder, .tar, .tar.gz, .deb or binary, relative to the spec'),
      into: absolutePath.default('/opt/app'),
      owner: z.string().default('root'),
      group: z.string().default('root'),
    })
    .optional()
    .describe('an application of your own'),
  files: z.array(extraFile).default([]).describe('files laid over the packages’ own'),
  run,
  ports: z.array(port).default([]),
});

const resolution = z.strictObject({
  include: z.array(packageRelation).default([]).describe('further roots'),
  includeFiles: z.array(absolutePath).default([]).describe('files of packages outside the closure that must be in'),
  exclude: z.array(packageName).default([]).describe('must not be in'),
  prefer: z.array(packageName).default([]).describe('taken where several sets would do, before size counts'),
  avoid: z.array(packageName).default([]).describe('left out wherever another set would do'),
  pin: z.record(packageName, z.string()).default({}).describe('package: version, or release=CODENAME'),
  recommends: z
    .union([z.boolean(), z.array(packageName)])
    .default(false)
    .describe('follow Recommends of all, or of these'),
  substitutes: z
    .boolean()
    .default(false)
    .describe('let a package that Provides a name stand in for a candidate that fits'),
  objective: z.enum(['installed-size', 'packages', 'download-size', 'vulnerabilities']).default('installed-size'),
});
export type Resolution = z.infer<typeof resolution>;

const boot = z.strictObject({
  init: z.enum(['busybox', 'systemd']).default('busybox'),
  firmware: z.enum(['uefi']).default('uefi'),
  kernel: packageName.default('linux-image-cloud-amd64'),
  commandLine: z.array(z.string()).default([]).describe('added to the kernel’s command line'),
  modules: z.array(z.string()).default([]).describe('kernel modules beyond those of virtio, NVMe and ENA machines'),
  diskSize: z
    .string()
    .regex(/^\d+(MiB|GiB)$/, 'a size such as 512MiB or 2GiB')
    .default('1GiB'),
});

const minimize = z.strictObject({
  documentation: z
    .boolean()
    .default(true)
    .describe('leave out manuals, info, /usr/share/doc but copyright, lintian and bug files'),
  locales: z.array(z.string()).default([]).describe('message catalogues and locales to keep'),
  converters: z.array(z.string()).default([]).describe('gconv modules to keep, such as ISO8859-1'),
  caches: z
    .boolean()
    .default(true)
    .describe('leave out package manager caches and lists, logs of the configuration, debconf’s database'),
  keep: z.array(z.string()).default([]).describe('glob patterns that the rules above never remove'),
  remove: z.array(z.string()).default([]).describe('further glob patterns to remove'),
});

const testCommon = { name: z.string().optional(), timeout: duration.default('180s') };
export const imageTest = z.union([
  z.strictObject({
    ...testCommon,
    http: z.strictObject({
      port: port.default(80),
      path: z.string().startsWith('/').default('/'),
      status: z.int().min(100).max(599).default(200),
      body: z.string().optional().describe('text that the answer must contain'),
    }),
  }),
  z.strictObject({
    ...testCommon,
    tcp: z.strictObject({ port, send: z.string().optional(), expect: z.string().optional() }),
  }),
  z.strictObject({
    ...testCommon,
    command: z.strictObject({
      run: command.describe(
        'run on the tester; {host} and {port:N} are replaced by where the instance’s port N is reached',
      ),
      output: z.string().optional().describe('text that its output must contain'),
      packages: z.array(packageName).default([]).describe('Debian packages that the tester needs for it'),
    }),
  }),
  z.strictObject({ ...testCommon, console: z.strictObject({ line: z.string().describe('regular expression') }) }),
]);
export type ImageTest = z.infer<typeof imageTest>;

const distribute = z.strictObject({
  accounts: z.array(accountId).default([]),
  organizationalUnits: z.array(z.string()).default([]),
  regions: z.array(z.string()).default([]),
});

const identity = z
  .strictObject({
    path: absolutePath.describe('file that must never ship'),
    command: command.optional().describe('makes it at first boot, as root'),
    remove: z.literal(true).optional().describe('it is not needed at all'),
  })
  .refine((it) => (it.command === undefined) !== (it.remove === undefined), 'exactly one of command and remove');
export type IdentityRule = z.infer<typeof identity>;

export const imageSpec = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and "-", 63 at most'),
  description: z.string().optional(),
  labels: z.record(z.string(), z.string()).default({}),
  owner: z.string().optional().describe('who is told about refusals and recalls'),
  os: os.prefault({}),
  application,
  resolution: resolution.prefault({}),
  boot: boot.prefault({}),
  minimize: minimize.prefault({}),
  identities: z.array(identity).default([]).describe('keys and seeds made while configuring that Kiln does not know'),
  tests: z.array(imageTest).default([]),
  policies: z.array(z.string()).default([]).describe('names of packs, or files relative to the spec'),
  schedule: z
    .strictObject({
      cron: z.string().optional().describe('five fields'),
      every: duration.optional(),
      timezone: z.string().default('UTC'),
    })
    .refine((it) => (it.cron === undefined) !== (it.every === undefined), 'exactly one of cron and every')
    .optional(),
  distribute: distribute.prefault({}),
});
/** A spec with every default filled in. */
export type ImageSpec = z.infer<typeof imageSpec>;

const DURATION_UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** Milliseconds of a duration such as `90s`. */
export function milliseconds(text: string): number {
  const match = /^(\d+)(ms|s|m|h)$/.exec(text);
  if (!match) throw new Error(`internal: ${text} is not a duration`);
  return Number(match[1]) * DURATION_UNITS[match[2] as keyof typeof DURATION_UNITS];
}

/** Bytes of a size such as `512MiB`. */
export function bytesOfSize(text: string): number {
  const match = /^(\d+)(MiB|GiB)$/.exec(text);
  if (!match) throw new Error(`internal: ${text} is not a size`);
  return Number(match[1]) * (match[2] === 'GiB' ? 2 ** 30 : 2 ** 20);
}
