import { z } from 'zod';

/** Twelve digits, as AWS writes an account's number; locally asserted, not authenticated. */
export const accountId = z.string().regex(/^\d{12}$/, 'an account number: twelve digits, in quotes');

export const account = z.strictObject({
  id: accountId,
  name: z.string().min(1),
  organizationalUnit: z.string().optional().describe('path of the unit, such as production/web'),
  regions: z.array(z.string()).optional(),
  labels: z.record(z.string(), z.string()).optional(),
});
export type Account = z.infer<typeof account>;

/** `accounts.yaml`: the accounts that may be named at all. */
export const accountsFile = z.strictObject({ accounts: z.array(account) });
export type AccountsFile = z.infer<typeof accountsFile>;
