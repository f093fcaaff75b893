import { digestOf } from '../../model/canonical.ts';
import { KilnError } from '../../model/error.ts';
import type { Lock } from '../../model/lock.ts';
import type { Bake } from '../../model/spec.ts';
import type { Ports } from '../../ports/ports.ts';
import type { LoadedSpec } from '../../ports/spec-source.ts';
import type { Inputs } from '../../triggers/due.ts';
import { inputsOf } from '../lock/build-inputs.ts';
import { fitsSpec, makeLock, shippedDigest } from '../lock/make-lock.ts';
import { vulnerabilityWeights } from '../lock/vulnerability-weights.ts';
import { loadPacks } from '../sources/packs.ts';
import type { BuildOptions } from './plan-build.ts';
import { recorded, type StepAnswer, type StepRequest } from './step.ts';

export interface ResolveRequest extends StepRequest {
  readonly options?: BuildOptions;
}

export interface ResolveAnswer extends StepAnswer {
  readonly lockDigest?: string;
  /** Of everything that decides what this build makes and who gets it. */
  readonly fingerprint?: string;
  /** Of what was read to make it. */
  readonly inputs?: Inputs;
  /** Who bakes it. */
  readonly bake: Bake['with'];
}

type ResolvePorts = Pick<
  Ports,
  'catalog' | 'clock' | 'specs' | 'source' | 'advisories' | 'store' | 'progress' | 'folders'
>;

/** Brings the lock up to date, and finds out whether there is anything to bake. */
export async function resolveImage(ports: ResolvePorts, request: ResolveRequest): Promise<ResolveAnswer> {
  return recorded(ports, request.buildId, 'resolve', async () => {
    const loaded = await ports.specs.load(request.image);
    const bake = loaded.spec.bake.with;
    const outcome = await lockOf(ports, request, loaded);
    if ('refused' in outcome) return { outcome: 'refused', bake, detail: outcome.refused };
    const { lock } = outcome;
    const lockDigest = await ports.store.put({ bytes: Buffer.from(JSON.stringify(lock)) });
    const fingerprint = await fingerprintOf(ports, request.image, loaded, lock);
    await ports.catalog.updateBuild(request.buildId, { lockDigest });
    const inputs = inputsOf(loaded, lock.indexes);
    const same = await newestWith(ports, request, fingerprint);
    if (same !== undefined) {
      const detail = `nothing changed since ${request.image}@${same}: same lock, policies and tests`;
      return { outcome: 'unchanged', bake, lockDigest, fingerprint, inputs, detail };
    }
    return {
      outcome: 'succeeded',
      bake,
      lockDigest,
      fingerprint,
      inputs,
      detail: `${lock.packages.length} packages, lock ${lock.digest.slice(0, 12)}`,
    };
  });
}

async function lockOf(
  ports: ResolvePorts,
  { image, options }: ResolveRequest,
  loaded: LoadedSpec,
): Promise<{ lock: Lock } | { refused: string }> {
  const existing = await ports.specs.readLock(image);
  if (options?.locked) {
    if (existing && fitsSpec(existing, loaded.lockInputs)) return { lock: existing };
    const why = existing ? `the spec of ${image} changed since its lock was made` : `${image} has no lock`;
    throw new KilnError('LOCK_STALE', why, { hint: `run kiln resolve ${image} first, or build without --locked` });
  }
  const outcome = await makeLock(ports, {
    spec: loaded.spec,
    directory: loaded.directory,
    specDigest: loaded.lockInputs,
    existing,
    weigh: (universe) => vulnerabilityWeights(ports, loaded, universe),
  });
  if (outcome.kind === 'unsatisfiable') return { refused: [...outcome.explanation, ...outcome.hints].join('\n') };
  if (!outcome.reused) await ports.specs.writeLock(image, outcome.lock);
  return { lock: outcome.lock };
}

async function fingerprintOf(ports: ResolvePorts, image: string, loaded: LoadedSpec, lock: Lock): Promise<string> {
  const packs = await loadPacks(ports, loaded);
  return digestOf({
    shipped: shippedDigest(lock),
    spec: loaded.digest,
    packs: packs.digest,
    accounts: await ports.specs.accounts(image),
  });
}

async function newestWith(
  { catalog }: ResolvePorts,
  { image, options }: ResolveRequest,
  fingerprint: string,
): Promise<number | undefined> {
  if (options?.force) return undefined;
  const latest = (await catalog.aliases(image)).latest;
  const version = latest === undefined ? undefined : await catalog.getVersion(image, latest);
  return version?.state === 'available' && version.facts.fingerprint === fingerprint ? version.version : undefined;
}
