import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { KilnError } from '../../model/error.ts';
import type { ImageSpec } from '../../model/spec.ts';
import { imageSpec } from '../../model/spec.ts';
import type { ProofLog } from '../../resolver/proof/proof.ts';
import { statedRoots } from '../../resolver/request.ts';
import type { ResolvedPackage, ResolveRequest } from '../../resolver/resolve.ts';
import type { Universe } from '../../resolver/universe/universe.ts';

const hex64 = z.string().regex(/^[0-9a-f]{64}$/);

const node = z.strictObject({
  multipliers: z.record(z.string(), z.int().min(0)).optional(),
  get branch() {
    return z.strictObject({ on: z.string(), in: node, out: node }).optional();
  },
});

const log = z.strictObject({
  proofVersion: z.literal(1),
  components: z.array(z.strictObject({ member: z.string(), scale: z.int().min(1), tree: node })),
  digest: hex64,
});

/** What `kiln resolve --prove` writes: what is claimed, of which indexes, and the log that shows it. */
const proofDocument = z.strictObject({
  os: imageSpec.shape.os,
  indexes: z.array(z.object({ codename: z.string(), component: z.string(), sha256: hex64 })).min(1),
  roots: z.array(z.string()),
  resolution: imageSpec.shape.resolution,
  weights: z.record(z.string(), z.int().min(0)).describe('by NAME@VERSION, for the objective vulnerabilities'),
  packages: z.array(z.strictObject({ name: z.string(), version: z.string() })),
  log,
});
export type ProofDocument = z.infer<typeof proofDocument>;

/** The claim that an answer makes. */
export function writeClaim(
  { os }: Pick<ImageSpec, 'os'>,
  universe: Universe,
  request: ResolveRequest,
  answer: { readonly packages: readonly ResolvedPackage[]; readonly proof: ProofLog },
): ProofDocument {
  return {
    os,
    indexes: universe.indexes.map(({ codename, component, sha256 }) => ({ codename, component, sha256 })),
    roots: statedRoots(request).map((it) => it.relation),
    resolution: request.resolution,
    weights: Object.fromEntries(request.weights ?? []),
    packages: answer.packages.map(({ name, version }) => ({ name, version })),
    log: structuredClone(answer.proof) as ProofDocument['log'],
  };
}

/** Reads what `kiln resolve --prove` wrote. Throws NOT_FOUND, ARTIFACT_CORRUPT. */
export async function readProof(path: string): Promise<ProofDocument> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new KilnError('NOT_FOUND', `cannot read ${path}: ${cause.code}`, {
      hint: 'kiln resolve SPEC --prove FILE writes a proof',
      cause,
    });
  });
  const parsed = proofDocument.safeParse(jsonOf(text, path));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw notAProof(path, `${issue?.path.join('.')}: ${issue?.message}`);
}

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notAProof(path, (error as Error).message);
  }
}

function notAProof(path: string, why: string): KilnError {
  return new KilnError('ARTIFACT_CORRUPT', `${path} is not a proof: ${why}`, {
    hint: 'kiln resolve SPEC --prove FILE writes one',
  });
}
