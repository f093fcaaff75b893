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
  suites: z.array(z.string()).min(1).describe('such as bookworm or bookworm-security'),
  components: z.array(z.string()).default(['main']).describe('such as main or non-free-firmware'),
  signedBy: z.string().optional().describe('keyring file; default: the machine’s own apt configuration'),
  priority: z.int().optional().describe('apt pin priority; default 500, or what NotAutomatic says'),
});
export type AptSource = z.infer<typeof aptSource>;

const os = z.strictObject({
  family: z.literal('debian').default('debian').describe('distribution'),
  release: z.string().default('bookworm').describe('codename'),
  architecture: z.enum(['amd64']).default('amd64').describe('of the machines that boot the image'),
  sources: z.array(aptSource).optional().describe('default: those of the machine whose Release says Origin: Debian'),
});

export const extraFile = z
  .strictObject({
    path: absolutePath.describe('where it is in the image'),
    content: z.string().optional().describe('its text'),
    source: z.string().optional().describe('file or folder, relative to the spec'),
    mode: mode.default('0644').describe('octal, in quotes'),
    owner: z.string().default('root').describe('user name'),
    group: z.string().default('root').describe('group name'),
  })
  .refine((file) => (file.content === undefined) !== (file.source === undefined), 'exactly one of content and source');
export type ExtraFile = z.infer<typeof extraFile>;

const command = z.array(z.string().min(1)).min(1);

export const run = z
  .strictObject({
    unit: z
      .string()
      .regex(/^[^/]+\.service$/, 'the name of a .service unit')
      .optional()
      .describe('systemd unit of a package, such as nginx.service; it runs under either init'),
    command: command
      .refine((argv) => argv[0]?.startsWith('/'), 'a program with an absolute path first')
      .optional()
      .describe('program with an absolute path, then its arguments'),
    user: z.string().optional().describe('who the command runs as; default: root'),
    group: z.string().optional().describe('default: the user’s own'),
    workingDirectory: absolutePath.optional().describe('default: /'),
    environment: z.record(z.string(), z.string()).default({}).describe('variables added to the command’s environment'),
    before: z.array(command).default([]).describe('commands run to their end, as root, before each start'),
    directories: z
      .array(
        z.strictObject({
          path: absolutePath.describe('folder'),
          mode: mode.default('0755').describe('octal, in quotes'),
          owner: z.string().default('root').describe('user name'),
          group: z.string().default('root').describe('group name'),
        }),
      )
      .default([])
      .describe('made at each boot where they are missing, such as /run/postgresql'),
  })
  .refine((it) => (it.unit === undefined) !== (it.command === undefined), 'exactly one of unit and command');
export type Run = z.infer<typeof run>;

const application = z
  .strictObject({
    packages: z
      .array(packageRelation)
      .default([])
      .describe('Debian packages that it is made of: the roots of the closure'),
    from: z
      .strictObject({
        path: z.string().describe('folder, .tar, .tar.gz, .deb or binary, relative to the spec'),
        into: absolutePath.default('/opt/app').describe('folder in the image; a binary becomes a file in it'),
        owner: z.string().default('root').describe('user name'),
        group: z.string().default('root').describe('group name'),
      })
      .optional()
      .describe('an application of your own'),
    files: z.array(extraFile).default([]).describe('files laid over the packages’ own'),
    run: run.describe('how it is started'),
    ports: z.array(port).default([]).describe('that it listens on; default: those that the tests ask'),
  })
  .refine(
    (it) => it.packages.length > 0 || it.from !== undefined || it.files.length > 0,
    'packages, from or files: there is nothing to run',
  );

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
  objective: z
    .enum(['installed-size', 'packages', 'download-size', 'vulnerabilities'])
    .default('installed-size')
    .describe('what the least set has least of'),
});
export type Resolution = z.infer<typeof resolution>;

const boot = z.strictObject({
  init: z.enum(['busybox', 'systemd']).default('busybox').describe('busybox is small; systemd honours all of a unit'),
  firmware: z.enum(['uefi']).default('uefi').describe('of the machines that boot the image'),
  kernel: packageName.default('linux-image-cloud-amd64').describe('package of the kernel'),
  commandLine: z.array(z.string()).default([]).describe('added to the kernel’s command line'),
  modules: z.array(z.string()).default([]).describe('kernel modules beyond those of virtio, NVMe and ENA machines'),
  diskSize: z
    .string()
    .regex(/^\d+(MiB|GiB)$/, 'a size such as 512MiB or 2GiB')
    .default('1GiB')
    .describe('what the disk may grow to; the file is sparse'),
});

const bake = z
  .strictObject({
    with: z
      .enum(['kiln', 'image-builder'])
      .default('kiln')
      .describe('kiln makes a root of its own; image-builder is EC2 Image Builder, on AWS only, on top of a parent'),
    parent: z
      .string()
      .regex(
        /^(ami-[0-9a-f]{8,17}|ssm:\/\S+|arn:aws[a-z-]*:imagebuilder:\S+)$/,
        'ami-…, ssm:/PATH or an ARN of Image Builder',
      )
      .optional()
      .describe(
        'image of the same release that image-builder starts from: ami-…, ssm:/PATH or an ARN of Image Builder',
      ),
    keep: z
      .array(z.string().regex(/^[a-z0-9*?+.-]+$/, 'a package name, with * and ?'))
      .default([])
      .describe(
        'packages of the parent that stay, besides the application’s and what boots it; * and ? stand for anything',
      ),
  })
  .refine(
    (it) => (it.with === 'image-builder') === (it.parent !== undefined),
    'image-builder, and only that, needs a parent',
  );
export type Bake = z.infer<typeof bake>;

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

function isRegularExpression(text: string): boolean {
  try {
    return Boolean(new RegExp(text, 'm'));
  } catch {
    return false;
  }
}

function isTimezone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}

const testCommon = {
  name: z.string().optional().describe('for people; default: made from what it asks'),
  timeout: duration
    .default('180s')
    .describe('from the launch to the first success; up to twice as long on an emulated machine that is at work'),
};
export const imageTest = z.union([
  z.strictObject({
    ...testCommon,
    http: z
      .strictObject({
        port: port.default(80).describe('of the instance'),
        path: z.string().startsWith('/').default('/').describe('what is asked for'),
        status: z.int().min(100).max(599).default(200).describe('that must be answered'),
        body: z.string().optional().describe('text that the answer must contain'),
      })
      .describe('an HTTP request'),
  }),
  z.strictObject({
    ...testCommon,
    tcp: z
      .strictObject({
        port: port.describe('of the instance'),
        send: z.string().optional().describe('text sent once it is connected'),
        expect: z.string().optional().describe('text that must come back'),
      })
      .describe('a TCP connection'),
  }),
  z.strictObject({
    ...testCommon,
    command: z
      .strictObject({
        run: command.describe(
          'run on the tester; {host} and {port:N} are replaced by where the instance’s port N is reached',
        ),
        output: z.string().optional().describe('text that its output must contain'),
        packages: z.array(packageName).default([]).describe('Debian packages that the tester needs for it'),
      })
      .describe('a client command'),
  }),
  z.strictObject({
    ...testCommon,
    console: z
      .strictObject({
        line: z
          .string()
          .refine(isRegularExpression, 'a regular expression')
          .describe('regular expression that one line must match'),
      })
      .describe('a line on the console'),
  }),
]);
export type ImageTest = z.infer<typeof imageTest>;

/** Ports of the instance that a test asks, and where in the test each stands. */
function portsAsked(test: ImageTest): { port: number; path: (string | number)[] }[] {
  if ('http' in test) return [{ port: test.http.port, path: ['http', 'port'] }];
  if ('tcp' in test) return [{ port: test.tcp.port, path: ['tcp', 'port'] }];
  if (!('command' in test)) return [];
  return test.command.run.flatMap((word, index) =>
    [...word.matchAll(/\{port:(\d+)\}/g)].map(([, found]) => ({
      port: Number(found),
      path: ['command', 'run', index],
    })),
  );
}

const distribute = z.strictObject({
  accounts: z.array(accountId).default([]).describe('account numbers, in quotes'),
  organizationalUnits: z.array(z.string()).default([]).describe('all accounts at or below these units'),
  regions: z.array(z.string()).default([]).describe('where copies go; on one machine there is only one place'),
});

const days = z.int().min(0);

const lifecycle = z.strictObject({
  keep: z.int().min(1).default(5).describe('newest versions that are kept however old they are'),
  deprecateAfterDays: days.default(30).describe('older ones are advised against from then on'),
  deregisterAfterDays: days
    .default(90)
    .describe(
      'still older ones are withdrawn, unless an alias, an instance, a launch template or a grant in use refers to them',
    ),
  quarantineDays: days.default(7).describe('what was withdrawn, refused or recalled is deleted so long after'),
});

const identity = z
  .strictObject({
    path: absolutePath.describe('file that must never ship'),
    command: command.optional().describe('makes it at first boot, as root'),
    remove: z.literal(true).optional().describe('it is not needed at all'),
  })
  .refine((it) => (it.command === undefined) !== (it.remove === undefined), 'exactly one of command and remove');
export type IdentityRule = z.infer<typeof identity>;

const schedule = z
  .strictObject({
    cron: z
      .string()
      .regex(/^\s*\S+(\s+\S+){4}\s*$/, 'five fields: minute, hour, day, month, weekday, such as "0 3 * * 1"')
      .optional()
      .describe('five fields: minute, hour, day, month, weekday'),
    every: duration.optional().describe('time from one build to the next'),
    timezone: z.string().refine(isTimezone, 'a time zone such as Europe/Berlin').default('UTC').describe('of cron'),
  })
  .refine((it) => (it.cron === undefined) !== (it.every === undefined), 'exactly one of cron and every');

export const imageSpec = z
  .strictObject({
    specVersion: z.literal(1).optional().describe('version of this format'),
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and "-", 63 at most')
      .describe('of the image: lower-case letters, digits and "-"'),
    description: z.string().optional().describe('for people'),
    labels: z.record(z.string(), z.string()).default({}).describe('what policies and people find it by'),
    owner: z.string().optional().describe('who is told about refusals and recalls'),
    os: os.prefault({}).describe('the distribution that it is made from'),
    application: application.describe('what the image is for'),
    resolution: resolution.prefault({}).describe('wishes about the set of packages'),
    boot: boot.prefault({}).describe('how the machine starts'),
    bake: bake.prefault({}).describe('who bakes it'),
    minimize: minimize.prefault({}).describe('what is left out of the packages’ files'),
    identities: z.array(identity).default([]).describe('keys and seeds made while configuring that Kiln does not know'),
    tests: z.array(imageTest).default([]).describe('asked of a booted instance, from outside; all must pass'),
    policies: z.array(z.string()).default([]).describe('names of packs, or files relative to the spec'),
    schedule: schedule.optional().describe('when it is built again by itself'),
    distribute: distribute.prefault({}).describe('who may have it'),
    lifecycle: lifecycle.prefault({}).describe('how long its versions are kept'),
  })
  .overwrite((spec) => {
    const { application, tests } = spec;
    if (application.ports.length > 0) return spec;
    const ports = [...new Set(tests.flatMap((test) => portsAsked(test).map((it) => it.port)))];
    return { ...spec, application: { ...application, ports } };
  })
  .superRefine(({ application: { ports }, tests }, context) => {
    for (const [index, test] of tests.entries()) {
      for (const { port: asked, path } of portsAsked(test)) {
        if (ports.includes(asked)) continue;
        const message = `expected one of application.ports (${ports.join(', ')}), got ${asked}`;
        context.addIssue({ code: 'custom', path: ['tests', index, ...path], message });
      }
    }
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
