import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { KilnError } from '../src/model/error.ts';
import { faultOfCron } from './schedule-expression.ts';

const cron = z
  .string()
  .superRefine((text, context) => {
    const message = faultOfCron(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .describe('EventBridge Scheduler: minutes hours day-of-month month day-of-week year');

const schedule = z.strictObject({
  cron,
  timezone: z.string().refine(isTimeZone, 'a time zone such as Europe/Berlin').default('UTC'),
  jitterMinutes: z.int().min(0).max(1440).default(15).describe('builds start somewhere within this time'),
});

const TOPIC = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:\S+$/;

/** Debian 12, slim, amd64 and arm64. */
const DEBIAN_12 =
  'public.ecr.aws/docker/library/debian:bookworm-slim@sha256:4724b8cc51e33e398f0e2e15e18d5ec2851ff0c2280647e1310bc1642182655d';

/** `kiln.config.yaml`: what the stacks are deployed with. Every field has a default. */
export const configuration = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{1,19}$/, 'lower-case letters, digits and "-", 2–20 of them')
    .default('kiln')
    .describe('first part of every name; two deployments in one account need two'),
  alertEmail: z.email().optional().describe('gets alarms and notices, once its owner has confirmed'),
  alertTopics: z
    .array(z.string().regex(TOPIC, 'ARN of an SNS topic'))
    .default([])
    .describe('topics of the account’s own that alarms tell as well'),
  testInstanceType: z
    .string()
    .regex(/^[a-z0-9-]+\.[a-z0-9]+$/, 'an instance type such as t3.small')
    .default('t3.small')
    .describe('Nitro, x86_64, with UEFI'),
  bakerImage: z
    .string()
    .regex(/@sha256:[0-9a-f]{64}$/, 'a container image pinned by its digest: NAME@sha256:…')
    .default(DEBIAN_12)
    .describe('in which CodeBuild runs the baker: any Debian with util-linux and perl-base'),
  bakerSize: z.enum(['small', 'medium', 'large']).default('medium'),
  encryptImages: z.boolean().default(true).describe('snapshots with a key of their own; accounts get a grant for it'),
  watchMinutes: z.int().min(5).max(1440).default(15).describe('how often indexes and inputs are looked at'),
  staleIndexHours: z.int().min(1).default(192).describe('alarm when the newest index is older'),
  copyRegions: z
    .array(z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region such as us-east-1'))
    .refine((all) => new Set(all).size === all.length, 'each region once')
    .default([])
    .describe('where images may be copied to; each gets a stack with a key of its own'),
  organizations: z
    .array(z.string().regex(/^o-[a-z0-9]{10,32}$/, 'an organisation’s identifier, o-…'))
    .default([])
    .describe('whose accounts may use the images’ key, for images that are shared with units or organisations'),
  launchTemplates: z
    .record(
      z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'an image’s name'),
      z.array(
        z.strictObject({
          template: z.string().regex(/^[a-zA-Z0-9().\-/_]{3,128}$/, 'the name of a launch template'),
          autoScalingGroup: z.string().min(1).optional(),
          minHealthyPercentage: z.int().min(0).max(100).default(90),
        }),
      ),
    )
    .default({})
    .describe('launch templates that follow an image’s alias latest, and the groups whose instances are then replaced'),
  imageBuilder: z
    .strictObject({
      instanceTypes: z
        .array(z.string().regex(/^[a-z0-9-]+\.[a-z0-9]+$/))
        .min(1)
        .default(['t3.medium']),
      subnetId: z
        .string()
        .regex(/^subnet-[0-9a-f]+$/, 'subnet-…')
        .optional(),
      securityGroupIds: z.array(z.string().regex(/^sg-[0-9a-f]+$/, 'sg-…')).optional(),
    })
    .prefault({})
    .describe('where EC2 Image Builder builds, for specs that ask for it; default: the default network'),
  approvals: z
    .array(z.string().regex(/^(\*|[a-z0-9][a-z0-9-]{0,62})$/, 'an image’s name, or * for all'))
    .default([])
    .describe('images that somebody must approve, by kiln remote approve, before anybody else gets them'),
  vendorTopics: z
    .array(z.string().regex(TOPIC, 'ARN of an SNS topic'))
    .default([])
    .describe('topics on which vendors tell of new AMIs: images that have one as their parent are built anew'),
  schedules: z
    .record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'an image’s name'), schedule)
    .default({})
    .describe('builds by the clock, by image'),
});
/** The configuration with every default filled in. */
export type Configuration = z.infer<typeof configuration>;

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Checks a configuration. Throws CONFIG_INVALID naming every field that is wrong, what it is and what it should be. */
export function parseConfiguration(value: unknown, where: string): Configuration {
  const parsed = configuration.safeParse(value ?? {});
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((it) => faultOf(it, value));
  throw new KilnError('CONFIG_INVALID', `${where}: ${faults.join('; ')}`, {
    hint: 'docs/aws.md lists the fields and their defaults',
  });
}

function faultOf(issue: z.core.$ZodIssue, value: unknown): string {
  const field = issue.path.join('.') || 'the file';
  if (issue.code === 'unrecognized_keys') return `${field} has unknown fields: ${issue.keys.join(', ')}`;
  // A name that is wrong is where it stands.
  if (issue.code === 'invalid_key') return `${field}: ${issue.issues.map((it) => it.message).join(', ')}`;
  const given = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)?.[key], value);
  return `${field}: ${issue.message}${typeof given === 'object' ? '' : `, not ${JSON.stringify(given)}`}`;
}

/** Reads `kiln.config.yaml`; where there is none, every default holds, unless it was `named` by somebody. Throws CONFIG_INVALID. */
export function readConfiguration(path: string, named = false): Configuration {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !named) return parseConfiguration({}, path);
    const hint = 'name a YAML file: --context configuration=PATH';
    throw new KilnError('CONFIG_INVALID', `${path} cannot be read: ${message}`, { hint });
  }
  return parseConfiguration(parsedYaml(text, path), path);
}

function parsedYaml(text: string, path: string): unknown {
  try {
    return parse(text, { maxAliasCount: 10 });
  } catch (error) {
    throw new KilnError('CONFIG_INVALID', `${path}: ${(error as Error).message.split('\n')[0]?.replace(/:$/, '')}`, {
      hint: 'it is YAML',
    });
  }
}
