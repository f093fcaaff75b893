import { z } from 'zod';

/** Why a build was asked for. */
export const cause = z.strictObject({
  kind: z.enum(['request', 'schedule', 'component', 'policy', 'test', 'account', 'advisory', 'recall']),
  detail: z.string().optional(),
});
export type Cause = z.infer<typeof cause>;

/** Start, end and result of one step; written by the step itself. Times are ISO 8601 in UTC. */
export const stepRecord = z.strictObject({
  step: z.string(),
  startedAt: z.string(),
  endedAt: z.string().optional(),
  outcome: z.enum(['running', 'succeeded', 'refused', 'failed', 'reused']),
  detail: z.string().optional(),
  result: z.unknown().optional(),
});
export type StepRecord = z.infer<typeof stepRecord>;

export const buildState = z.enum(['waiting', 'running', 'succeeded', 'unchanged', 'joined', 'refused', 'failed']);
export type BuildState = z.infer<typeof buildState>;

export const build = z.strictObject({
  id: z.string(),
  image: z.string(),
  cause,
  state: buildState,
  requestedAt: z.string(),
  endedAt: z.string().optional(),
  version: z.int().optional().describe('of the image that it made'),
  detail: z.string().optional(),
  lockDigest: z.string().optional(),
  execution: z.string().optional().describe('the execution that works on it, or did last'),
  steps: z.array(stepRecord),
});
export type Build = z.infer<typeof build>;

export const imageState = z.enum(['registered', 'available', 'quarantined', 'recalled', 'deregistered']);
export type ImageState = z.infer<typeof imageState>;

/** One version of an image in the catalog. */
export const imageVersion = z.strictObject({
  image: z.string(),
  version: z.int().min(1),
  state: imageState,
  /** Registry's own identifier: a folder's name locally, `ami-…` on AWS. */
  imageId: z.string(),
  buildId: z.string(),
  lockDigest: z.string(),
  /** SHA-256 of the raw disk image. */
  diskDigest: z.string(),
  /** SHA-256 of the tar of the root tree. */
  treeDigest: z.string(),
  createdAt: z.string(),
  facts: z
    .record(z.string(), z.unknown())
    .describe('sizes, counts, boot time, checks: what summaries and policies read'),
});
export type ImageVersion = z.infer<typeof imageVersion>;

/** An account's right to launch one version of an image. */
export const grant = z.strictObject({
  image: z.string(),
  version: z.int().min(1),
  account: z.string(),
  region: z.string().default('local'),
  grantedAt: z.string(),
  revokedAt: z.string().optional(),
  reason: z.string(),
});
export type Grant = z.infer<typeof grant>;
