import { z } from 'zod';

/** `image.lock`: exactly what an image is baked from. Baking reads nothing else of the archive. */

const hex64 = z.string().regex(/^[0-9a-f]{64}$/);

/** Why a package or file is in. A chain of reasons leads from each to something that the spec says. */
export const reason = z.union([
  z.strictObject({ kind: z.literal('spec'), field: z.string() }),
  z.strictObject({
    kind: z.literal('relation'),
    by: z.string().describe('package'),
    field: z.string(),
    relation: z.string(),
  }),
  z.strictObject({
    kind: z.literal('evidence'),
    rule: z.string().describe('identifier of the evidence rule'),
    by: z.string().describe('file that shows the need'),
    needs: z.string().describe('what it needs: a path, a soname, a command'),
    line: z.int().optional(),
  }),
  z.strictObject({ kind: z.literal('boot'), purpose: z.string() }),
]);
export type Reason = z.infer<typeof reason>;

export const layer = z.enum(['closure', 'evidence', 'boot']);
export type Layer = z.infer<typeof layer>;

const lockedDeb = z.strictObject({
  name: z.string(),
  version: z.string(),
  architecture: z.string(),
  source: z.strictObject({ name: z.string(), version: z.string() }),
  sha256: hex64,
  sizeBytes: z.int(),
  installedSizeKiB: z.int(),
  filename: z.string().describe('path below the archive’s root'),
  index: z.int().describe('position in indexes'),
});
/** What is needed to fetch and verify one .deb. */
export type LockedDeb = z.infer<typeof lockedDeb>;

export const lockedPackage = lockedDeb.extend({
  layer,
  why: z.array(reason).min(1),
  files: z.array(z.string()).optional().describe('evidence and boot: only these files of it; absent: all of it'),
});
export type LockedPackage = z.infer<typeof lockedPackage>;

export const lockedIndex = z.strictObject({
  origin: z.string(),
  label: z.string(),
  suite: z.string(),
  codename: z.string(),
  component: z.string(),
  architecture: z.string(),
  sha256: hex64,
  date: z.string(),
});

export const lock = z.strictObject({
  lockVersion: z.literal(1),
  image: z.string(),
  specDigest: hex64.describe('of the parts of the spec that decide the lock'),
  madeBy: hex64.optional().describe('digest of the source files that make locks; another one makes the lock again'),
  os: z.strictObject({ family: z.string(), release: z.string(), architecture: z.string() }),
  indexes: z.array(lockedIndex),
  packages: z.array(lockedPackage).describe('what ships, sorted by name'),
  build: z.strictObject({
    base: z.array(lockedDeb).describe('in the root in which packages are configured, and not in the image'),
    tools: z.array(lockedDeb).describe('the tool root: file system and image tools'),
  }),
  excluded: z.strictObject({
    packages: z.int().describe('in the indexes and not in the image'),
    essential: z.array(z.string()).describe('Essential packages of which nothing is in'),
  }),
  proof: z.strictObject({ kind: z.enum(['optimal', 'feasible']), installedSizeKiB: z.int(), lowerBoundKiB: z.int() }),
  unproven: z.array(z.string()).default([]).describe('commands and files that something names and no package here has'),
  digest: hex64.describe('of the canonical JSON of all other fields'),
});
export type Lock = z.infer<typeof lock>;
