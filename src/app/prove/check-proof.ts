import { readFile } from 'node:fs/promises';
import { canonicalJson, sha256 } from '../../model/canonical.ts';
import { KilnError } from '../../model/error.ts';
import type { VerifiedIndex } from '../../model/package.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { Ports } from '../../ports/ports.ts';
import { readArchive } from '../../resolver/proof/check-clauses.ts';
import { type CheckOutcome, checkProof } from '../../resolver/proof/check-proof.ts';
import type { Root } from '../../resolver/request.ts';
import { statedRoots } from '../../resolver/request.ts';
import { seenIndexes } from '../../resolver/universe/load-universe.ts';
import { universeFolder } from '../lock/closure.ts';
import type { ProofDocument } from './proof-document.ts';

type CheckPorts = Pick<Ports, 'source' | 'progress' | 'folders'>;

/** What a proof is held against, where somebody says so: then it must be about this, and not about what it says itself. */
export interface Expected {
  readonly spec: ImageSpec;
  readonly roots: readonly Root[];
  /** Who asks, for messages; default: the spec's name. */
  readonly asker?: string;
}

/**
 * Whether a proof shows that its set is the least: replayed from the signed indexes' stanzas, the request and the set alone, with nothing of
 * the solver's. Throws NOT_FOUND where the indexes that it is about are not here any more.
 */
export async function checkProofDocument(
  ports: CheckPorts,
  proof: ProofDocument,
  expected?: Expected,
): Promise<CheckOutcome> {
  const other = expected && difference(proof, expected);
  if (other !== undefined) return { kind: 'rejected', reason: other };
  const inputs = await readIndexes(ports, proof);
  const { roots, resolution, packages, log } = proof;
  const weights = new Map(Object.entries(proof.weights));
  return checkProof(readArchive(inputs, proof.os.architecture), { roots, resolution, packages, weights }, log);
}

function difference(proof: ProofDocument, { spec, roots, asker = spec.name }: Expected): string | undefined {
  const asked = statedRoots({ roots, resolution: spec.resolution }).map((it) => it.relation);
  const missing = asked.find((it) => !proof.roots.includes(it));
  if (missing !== undefined) return `it is not about ${missing}, which ${asker} asks for`;
  const more = proof.roots.find((it) => !asked.includes(it));
  if (more !== undefined) return `it is about ${more} as well, which ${asker} does not ask for`;
  if (canonicalJson(proof.resolution) !== canonicalJson(spec.resolution))
    return `it is about another resolution than ${asker} states`;
  return canonicalJson(proof.os) === canonicalJson(spec.os) ? undefined : `it is about another os than ${asker} states`;
}

/** The Packages files that the proof names: those of today, or kept ones of earlier. Their bytes are held against their digests again. */
async function readIndexes(ports: CheckPorts, proof: ProofDocument): Promise<{ index: VerifiedIndex; text: Buffer }[]> {
  const wanted = proof.indexes.map((it) => it.sha256);
  const fits = (indexes: readonly VerifiedIndex[]): boolean => indexes.map((it) => it.sha256).join() === wanted.join();
  const now = await ports.source.indexes(proof.os, ports.progress);
  const indexes = fits(now) ? now : seenIndexes(universeFolder(ports.folders)).find(fits);
  const inputs = await Promise.all((indexes ?? []).map(async (index) => ({ index, text: await readIndex(index) })));
  const whole = inputs.flatMap(({ index, text }) => (text && sha256(text) === index.sha256 ? [{ index, text }] : []));
  if (whole.length === wanted.length) return whole;
  const names = proof.indexes.map((it) => `${it.codename}/${it.component} ${it.sha256.slice(0, 12)}`);
  throw new KilnError(
    'NOT_FOUND',
    `the indexes that the proof is about are not on this machine any more: ${names.join(', ')}`,
    {
      hint: 'resolve again with --prove: the archive has moved on',
    },
  );
}

async function readIndex({ path }: VerifiedIndex): Promise<Buffer | undefined> {
  return readFile(path).catch(() => undefined);
}
