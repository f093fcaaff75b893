import { writeFile } from 'node:fs/promises';
import { digestOf } from '../../model/canonical.ts';
import { KilnError } from '../../model/error.ts';
import type { Layer, Lock, Reason } from '../../model/lock.ts';
import { type ImageSpec, imageSpec } from '../../model/spec.ts';
import type { Ports } from '../../ports/ports.ts';
import { type Root, resolve } from '../../resolver/resolve.ts';
import type { Universe } from '../../resolver/universe/universe.ts';
import { relationsOfDeb } from '../application/deb.ts';
import { draftOfPackage } from '../init-spec/package/package.ts';
import { noteWishes, openArchive, rootsOf } from '../lock/closure.ts';
import { makeLock } from '../lock/make-lock.ts';
import { vulnerabilityWeights } from '../lock/vulnerability-weights.ts';
import { writeClaim } from './proof-document.ts';

/** A package of an answer, as `kiln resolve --json` prints it. */
export interface ChosenPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly installedSizeKiB: number;
  readonly sha256: string;
  readonly layer: Layer;
  readonly why: readonly Reason[];
  /** Where only some files of it are taken. */
  readonly files?: readonly string[];
}

export interface ChosenSet {
  readonly kind: 'resolved';
  /** Sorted by name. */
  readonly packages: readonly ChosenPackage[];
  /** How many packages of the indexes are not in. */
  readonly excluded: number;
  /** Of the closure; proven least where both are equal. */
  readonly installedSizeKiB: number;
  readonly lowerBoundKiB: number;
  readonly proven: boolean;
  /** Digest of the lock, where one was made. */
  readonly lockDigest?: string;
  /** What something names and no package here has. */
  readonly unproven: readonly string[];
}

export type SetOutcome =
  | ChosenSet
  | { readonly kind: 'unsatisfiable'; readonly explanation: readonly string[]; readonly hints: readonly string[] };

/** A spec that only names packages: enough for their closure, and no more. */
export function specOfPackages(packages: readonly string[]): ImageSpec {
  const parsed = imageSpec.safeParse({ name: 'packages', application: { packages, run: { command: ['/'] } } });
  if (parsed.success) return parsed.data;
  const wrong = packages.filter((_, index) => parsed.error.issues.some((it) => it.path[2] === index));
  throw new KilnError('USAGE', `${wrong.join(', ') || 'an empty list'} is not a list of packages`, {
    hint: 'write names with commas between them: nginx,"redis-server (>= 5:7)"',
  });
}

export interface ClosureOptions {
  readonly proofPath?: string;
  /** Of the spec: the user's own files are relative to it. */
  readonly directory?: string;
  /** The lock beside the spec, which knows what the user's own files need. */
  readonly lock?: Lock;
}

/** The least set that the spec's relations ask for, without evidence and boot; no package is downloaded. */
export async function resolveClosureOf(
  ports: Pick<Ports, 'source' | 'specs' | 'advisories' | 'progress' | 'folders' | 'signal'>,
  spec: ImageSpec,
  options: ClosureOptions = {},
): Promise<SetOutcome> {
  const { universe } = await openArchive(ports, spec.os);
  const weights = await vulnerabilityWeights(ports, { spec, directory: options.directory ?? '.' }, universe);
  const request = { ...closureRequest(spec, options), resolution: spec.resolution, weights, signal: ports.signal };
  const outcome = resolve(universe, { ...request, prove: options.proofPath !== undefined });
  if (outcome.kind === 'unsatisfiable') return outcome;
  noteWishes(ports, universe, spec, outcome);
  if (options.proofPath !== undefined) {
    const { proof } = outcome;
    if (!proof) throw unproven();
    const claim = writeClaim(spec, universe, request, { ...outcome, proof });
    await writeFile(options.proofPath, `${JSON.stringify(claim)}\n`);
  }
  return {
    kind: 'resolved',
    packages: outcome.packages.map((it) => chosen({ ...it, layer: 'closure' })),
    excluded: universe.size - outcome.packages.length,
    installedSizeKiB: outcome.installedSizeKiB,
    lowerBoundKiB: outcome.lowerBoundKiB,
    proven: outcome.proven,
    unproven:
      spec.application.from && !options.lock ? ['what your own files need: only a lock tells, and there is none'] : [],
  };
}

function unproven(): KilnError {
  return new KilnError('REFUSED', 'the set was found, and not proven to be the least', {
    hint: 'costs that need more than 52 bits cannot be proven: ask for fewer wishes, or smaller weights',
  });
}

/** What the closure of a spec is resolved from. */
export function closureRequest(spec: ImageSpec, options: ClosureOptions): { spec: ImageSpec; roots: Root[] } {
  return { spec, roots: [...rootsOf(spec), ...ownRoots(spec, options)] };
}

/** What the user's own files need: a .deb's relations, and of the others what a lock found. */
function ownRoots(spec: ImageSpec, { directory, lock }: ClosureOptions): Root[] {
  if (directory === undefined) return [];
  const shown = (lock?.packages ?? []).filter((it) => it.layer === 'closure');
  const found = shown.flatMap(({ name, why }) =>
    why.flatMap((it): Root[] =>
      it.kind === 'boot' || (it.kind === 'evidence' && !it.rule.endsWith('Depends'))
        ? [{ relation: name, why: it }]
        : [],
    ),
  );
  return [...relationsOfDeb(spec, directory), ...found];
}

type LockPorts = Pick<Ports, 'source' | 'specs' | 'advisories' | 'progress' | 'folders'>;

/**
 * All layers for packages without a spec: run as the first of them would be drafted to (`kiln init`), under the default init.
 * Nothing is written.
 */
export async function resolvePackages(
  ports: Pick<Ports, 'source' | 'progress' | 'folders'>,
  packages: readonly string[],
): Promise<SetOutcome> {
  const plain = specOfPackages(packages);
  const first = packages[0]!.split(/[ :(]/)[0]!;
  const { run } = await draftOfPackage({ ports, archive: await openArchive(ports, plain.os) }, first);
  const spec = imageSpec.parse({ name: plain.name, application: { packages, run } });
  const outcome = await makeLock(ports, { spec, directory: '.', specDigest: digestOf(spec) });
  return outcome.kind === 'unsatisfiable' ? outcome : setOfLock(outcome.lock);
}

/** Brings the lock beside a known image's spec up to date. */
export async function lockImage(ports: LockPorts, image: string): Promise<SetOutcome & { reused?: boolean }> {
  const loaded = await ports.specs.load(image);
  const { spec, directory, lockInputs } = loaded;
  const existing = await ports.specs.readLock(image);
  const weigh = (universe: Universe) => vulnerabilityWeights(ports, loaded, universe);
  const outcome = await makeLock(ports, { spec, directory, specDigest: lockInputs, existing, weigh });
  if (outcome.kind === 'unsatisfiable') return outcome;
  if (!outcome.reused) await ports.specs.writeLock(image, outcome.lock);
  return { ...setOfLock(outcome.lock), reused: outcome.reused };
}

/** What a lock says, in the words of an answer. */
export function setOfLock(lock: Lock): ChosenSet {
  return {
    kind: 'resolved',
    packages: lock.packages.map(chosen),
    excluded: lock.excluded.packages,
    installedSizeKiB: lock.proof.installedSizeKiB,
    lowerBoundKiB: lock.proof.lowerBoundKiB,
    proven: lock.proof.kind === 'optimal',
    lockDigest: lock.digest,
    unproven: lock.unproven,
  };
}

function chosen(it: ChosenPackage): ChosenPackage {
  const { name, version, architecture, installedSizeKiB, sha256, layer, why, files } = it;
  return { name, version, architecture, installedSizeKiB, sha256, layer, why, ...(files ? { files } : {}) };
}
