import { z } from 'zod';

/** Twelve digits, as AWS writes an account's number; locally asserted, not authenticated. */
export const accountId = z.string().regex(/^\d{12}$/, 'an account number: twelve digits, in quotes');

export const account = z.strictObject({
  id: accountId,
  name: z.string().min(1),
  organizationalUnit: z.string().optional().describe('path of the unit, such as production/web'),
  regions: z.array(z.string()).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  keys: z
    .record(z.string(), z.string().min(1))
    .optional()
    .describe('by region, the key that its copy is encrypted with, where that is not the region’s own'),
});
export type Account = z.infer<typeof account>;

/** A unit that images may be shared with as a whole: every account in it counts as known. */
export const organizationalUnit = z.strictObject({
  path: z.string().min(1).describe('as the accounts write it, such as production/web'),
  arn: z
    .string()
    .regex(/^arn:[^:]+:organizations::\d{12}:(ou|organization)\/\S+$/, 'the ARN of a unit or an organisation'),
});
export type OrganizationalUnit = z.infer<typeof organizationalUnit>;

/** `accounts.yaml`: the accounts that may be named at all. */
export const accountsFile = z.strictObject({
  accounts: z.array(account),
  units: z
    .array(organizationalUnit)
    .default([])
    .describe('units that may be shared with as a whole, which vouches for every account in them'),
});
export type AccountsFile = z.infer<typeof accountsFile>;
