import { z } from 'zod';

/** What an account may be permitted to do with a version of an image. */
export const accessAction = z.enum(['launch', 'share', 'copy']);
export type AccessAction = z.infer<typeof accessAction>;

const count = z.int().min(0);

/** What of one version access policies see; times and places are added where a question is asked. */
export const imageFacts = z.strictObject({
  image: z.string(),
  version: z.int().min(1),
  labels: z.record(z.string(), z.string()),
  release: z.string(),
  architecture: z.string(),
  createdAt: z.string(),
  encrypted: z.boolean().describe('the snapshot that is shared is encrypted with a key of ours'),
  testsPassed: z.boolean().describe('it booted and every test of the spec passed'),
  tests: z.array(z.string()).describe('names of the tests that passed, those of accounts’ policies too'),
  packsPassed: z.boolean().describe('every pack that holds for all copies passed, as the policies stand now'),
  packs: z.array(z.string()).describe('names of the packs that passed'),
  vulnerabilities: z.strictObject({
    known: z.boolean().describe('advisories were at hand; where they were not, the counts are 0 and mean nothing'),
    worst: z.enum(['none', 'low', 'medium', 'high', 'critical']),
    critical: count,
    high: count,
    medium: count,
    low: count,
  }),
});
export type ImageFacts = z.infer<typeof imageFacts>;

/** A policy that decided, and where it stands. */
export const decidingPolicy = z.strictObject({
  id: z.string().describe('its @id, or its place'),
  effect: z.enum(['permit', 'forbid']),
  file: z.string(),
  line: z.int().min(1),
});
export type DecidingPolicy = z.infer<typeof decidingPolicy>;

/** One answer to “may it?”, kept for ever. */
export const decision = z.strictObject({
  id: z.string().describe('idempotency key: one question asked for one purpose is one decision'),
  at: z.string(),
  image: z.string(),
  version: z.int().min(1),
  account: z.string().describe('number of an account, or path of an organisational unit'),
  action: accessAction,
  region: z.string().describe('“*”: all that the account is to have it in'),
  allowed: z.boolean(),
  reason: z.string().describe('the first thing that decided, in words'),
  policies: z.array(decidingPolicy),
  askedBy: z.string().describe('what asked: judge, share, launch, can, …'),
  inputs: z.string().describe('digest of the facts, the account and the policies that were judged'),
});
export type Decision = z.infer<typeof decision>;
