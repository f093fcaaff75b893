import { z } from 'zod';
import { advisoryPlace } from './advisory.ts';
import { severity } from './finding.ts';
import { imageTest } from './spec.ts';

/** `policies/*.yaml`: what must hold of an image before it may go anywhere. */

const identifier = z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, 'lower-case letters, digits, "-" and "."');
const cel = z.string().min(1).describe('CEL expression over the inventory');
const mode = z.enum(['enforce', 'warn']);

export const scope = z
  .strictObject({
    images: z.array(z.string()).optional().describe('names of images, "*" matches any text'),
    labels: z.record(z.string(), z.string()).optional().describe('labels of the spec that must all be there'),
    accounts: z.array(z.string().regex(/^\d{12}$/, 'an account is twelve digits, in quotes')).optional(),
    organizationalUnits: z.array(z.string()).optional().describe('a unit includes the units below it'),
  })
  .describe('which images, and which accounts, it applies to; empty: all');
export type Scope = z.infer<typeof scope>;

/** A rule of Kiln's, by its identifier. */
export const builtInRule = z.strictObject({
  rule: identifier.describe('identifier of a built-in rule, see RULES.md'),
  severity: severity.default('medium'),
  mode: mode.default('enforce').describe('enforce: an image that breaks it is refused; warn: it is reported'),
  parameters: z.record(z.string(), z.unknown()).default({}).describe('allow-lists and limits, see RULES.md'),
});

/** A rule of the policy's author, as CEL. */
export const celRule = z.strictObject({
  id: identifier,
  title: z.string().min(1),
  reference: z.string().optional().describe('clause of the standard that it implements'),
  severity: severity.default('medium'),
  mode: mode.default('enforce'),
  applies: cel.optional().describe('CEL, bool: where it is false, the rule is not applicable'),
  otherwise: z.string().optional().describe('told as the reason where it is not applicable'),
  each: cel.optional().describe('CEL, list: require is asked of each element, called it'),
  where: cel.optional().describe('CEL, bool: only those elements of each'),
  require: cel.describe('CEL, bool: what must hold'),
  file: cel.optional().describe('CEL, string: file at fault; default: it.path where it has one'),
  seen: cel.optional().describe('CEL, string: value seen'),
  wanted: z.string().optional().describe('value wanted'),
  remedy: z.string().optional().describe('what would mend it'),
});
export type CelRule = z.infer<typeof celRule>;

/** A finding that somebody answers for, until a day. */
export const waiver = z.strictObject({
  rule: identifier,
  image: z.string().optional().describe('name of an image, "*" matches any text; default: all'),
  file: z.string().optional().describe('glob pattern of the file at fault; default: all'),
  package: z.string().optional(),
  vulnerability: z.string().optional().describe('identifier of a known vulnerability, such as CVE-2026-1234'),
  owner: z.string().min(1).describe('who answers for it'),
  reason: z.string().min(1),
  expires: z.iso.date().describe('last day on which it counts, such as 2027-03-31'),
});
export type Waiver = z.infer<typeof waiver>;

export const policy = z.strictObject({
  name: identifier.describe('name of the pack'),
  description: z.string().optional(),
  owner: z.string().optional(),
  scope: scope.prefault({}),
  extends: z
    .array(identifier)
    .default([])
    .describe('packs whose rules come first; a rule stated again replaces theirs'),
  advisories: z
    .array(advisoryPlace)
    .default([])
    .describe(
      'known vulnerabilities, for this policy and those that extend it; of two about the same the later stands',
    ),
  rules: z.array(z.union([builtInRule, celRule])).default([]),
  waivers: z.array(waiver).default([]),
  tests: z
    .array(imageTest)
    .default([])
    .describe('asked of a booted instance, as a spec’s are; the accounts in scope get the image only once all pass'),
});
/** A policy file with every default filled in. */
export type Policy = z.infer<typeof policy>;
/** A policy as it is written. */
export type PolicySource = z.input<typeof policy>;
