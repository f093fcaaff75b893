import { type BootRequirements, bootRequirements } from '../../baker/boot/requirements.ts';
import { digestOf } from '../../model/canonical.ts';
import { KilnError } from '../../model/error.ts';
import type { Lock, LockedDeb, LockedPackage, Reason } from '../../model/lock.ts';
import type { PackageRecord } from '../../model/package.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { Ports } from '../../ports/ports.ts';
import type { ResolvedPackage, ResolveOutcome, Root } from '../../resolver/resolve.ts';
import type { Weights } from '../../resolver/search/objective.ts';
import type { Universe } from '../../resolver/universe/universe.ts';
import { relationsOfDeb } from '../application/deb.ts';
import { rootsOfFiles } from './application-roots.ts';
import { type Archive, type Extension, extendClosure, noteWishes, openArchive, resolveClosure } from './closure.ts';
import { type EvidenceOutcome, findEvidence } from './find-evidence.ts';
import { recipeOf } from './recipe.ts';

/** Changes when the same spec and indexes may give another lock. */
const recipe = recipeOf([
  'resolver',
  'formats',
  'baker/application',
  'baker/boot/requirements.ts',
  'app/application/deb.ts',
  'app/application/places.ts',
  'app/lock/application-roots.ts',
  'app/application/tree.ts',
  'app/lock/closure.ts',
  'app/lock/find-evidence.ts',
  'app/lock/make-lock.ts',
]);

export type LockOutcome =
  | { readonly kind: 'locked'; readonly lock: Lock; readonly reused: boolean }
  | { readonly kind: 'unsatisfiable'; readonly explanation: readonly string[]; readonly hints: readonly string[] };

export interface LockRequest {
  readonly spec: ImageSpec;
  readonly directory: string;
  /** Of the spec and of the user's own files. */
  readonly specDigest: string;
  /** The lock that is there already, kept as it is when spec and indexes are those it was made from. */
  readonly existing?: Lock;
  /** What packages weigh, for the objective `vulnerabilities`. */
  readonly weigh?: (universe: Universe) => Promise<Weights | undefined>;
}

type LockPorts = Pick<Ports, 'source' | 'progress' | 'folders'>;
type Unsatisfiable = Extract<LockOutcome, { kind: 'unsatisfiable' }>;
type Resolved = Extract<ResolveOutcome, { kind: 'resolved' }>;
type Extended = Extract<Extension, { kind: 'resolved' }>;

/** The sets that a lock is put together from; each holds what the ones before it lack. */
interface Sets {
  readonly closure: Resolved;
  /** Whole packages that the machine needs to boot, such as systemd's. */
  readonly boot: Extended;
  /** Packages of which single files boot the machine. */
  readonly partial: readonly { record: PackageRecord; paths: readonly string[]; purpose: string }[];
  /** Essential packages and what they need, to configure the others with. */
  readonly base: Extended;
  readonly tools: Extended;
}

/** Resolves a spec into a lock: the closure, the evidence for more, what boots it, and what bakes it. */
export async function makeLock(ports: LockPorts, request: LockRequest): Promise<LockOutcome> {
  const { spec } = request;
  ports.progress.note(`reading the index of ${spec.os.release}`);
  const archive = await openArchive(ports, spec.os);
  const weights = await request.weigh?.(archive.universe);
  // What is known of packages changes while neither spec nor index does.
  if (!weights && request.existing && isCurrent(request.existing, request.specDigest, archive.indexes)) {
    return { kind: 'locked', lock: request.existing, reused: true };
  }
  const outcome = await findAll(ports, request, archive, weights);
  if ('kind' in outcome) return outcome;
  return { kind: 'locked', lock: writeDown(request, archive, outcome.sets, outcome.evidence), reused: false };
}

/** Whether a lock was made from a spec of this digest, whichever version of Kiln made it. */
export function fitsSpec(lock: Lock, specDigest: string): boolean {
  return lock.specDigest === specDigest;
}

function isCurrent(lock: Lock, specDigest: string, indexes: Archive['indexes']): boolean {
  const digests = (of: readonly { sha256: string }[]) => of.map((it) => it.sha256).join();
  return fitsSpec(lock, specDigest) && lock.madeBy === recipe() && digests(lock.indexes) === digests(indexes);
}

/** Closure and evidence, again until the user's own files show no need of another package. */
async function findAll(
  ports: LockPorts,
  request: LockRequest,
  archive: Archive,
  weights: Weights | undefined,
): Promise<{ sets: Sets; evidence: EvidenceOutcome } | Unsatisfiable> {
  const { spec, directory } = request;
  const roots = relationsOfDeb(spec, directory);
  for (;;) {
    const sets = chooseSets(archive.universe, spec, roots, weights);
    if ('kind' in sets) return sets;
    ports.progress.note(
      `closure: ${sets.closure.packages.length} packages, ${mebibytes(sets.closure.installedSizeKiB)} MiB`,
    );
    noteWishes(ports, archive.universe, spec, sets.closure);
    const evidence = await findEvidence(ports, { ...request, archive, ...sets });
    const more = await rootsOfFiles(ports, { spec, archive, ...sets, ...evidence });
    const known = new Set(roots.map((it) => it.relation));
    const added = more.filter((it) => !known.has(it.relation));
    if (added.length === 0) {
      for (const need of ownNeedsUnmet(spec, evidence.unproven)) ports.progress.note(`no package has ${need}`);
      return { sets, evidence };
    }
    ports.progress.note(`your files need ${[...new Set(added.map((it) => it.relation))].join(', ')}`);
    roots.push(...added);
  }
}

/** What the user's own files need and nobody has: they may not run without. */
export function ownNeedsUnmet({ application: { from } }: ImageSpec, unproven: readonly string[]): string[] {
  if (from === undefined) return [];
  const isOwn = (need: string) => need.includes(`, ${from.into.replace(/\/$/, '')}/`);
  return unproven.filter(isOwn).map((it) => `${it}: put it into ${from.path}, or see that it does without`);
}

/** Hex digest of what a lock ships. An index that changed elsewhere leaves it as it was, and so does a newer tool. */
export function shippedDigest(lock: Lock): string {
  return digestOf(
    lock.packages.map(({ name, version, sha256, layer, files }) => ({ name, version, sha256, layer, files })),
  );
}

function chooseSets(
  universe: Universe,
  spec: ImageSpec,
  roots: readonly Root[],
  weights: Weights | undefined,
): Sets | Unsatisfiable {
  const needs = bootRequirements(spec);
  const both = closureAndBoot(universe, spec, roots, weights);
  if ('kind' in both) return both;
  const { closure, boot } = both;
  const chosen = [...closure.packages, ...boot.packages];
  const base = extendClosure(universe, chosen, essentialRoots(universe), spec.resolution);
  if (base.kind === 'unsatisfiable') return base;
  const tools = extendClosure(universe, [], toolRoots(needs), spec.resolution);
  if (tools.kind === 'unsatisfiable') return tools;
  return { closure, boot, base, tools, partial: partialPackages(universe, needs) };
}

/**
 * The least closure, and what boots it; where the least has what the init conflicts with (`systemd | systemd-standalone-tmpfiles`), the least
 * with the init among its roots.
 */
export function closureAndBoot(
  universe: Universe,
  spec: ImageSpec,
  roots: readonly Root[],
  weights: Weights | undefined,
): Pick<Sets, 'closure' | 'boot'> | Unsatisfiable {
  const init = bootRoots(bootRequirements(spec));
  const closure = resolveClosure(universe, spec, roots, weights);
  if (closure.kind === 'unsatisfiable') return closure;
  const boot = extendClosure(universe, closure.packages, init, spec.resolution);
  if (boot.kind === 'resolved') return { closure, boot };
  const together = resolveClosure(universe, spec, [...roots, ...init], weights);
  return together.kind === 'unsatisfiable' ? together : { closure: together, boot: { kind: 'resolved', packages: [] } };
}

const bootRoots = (needs: BootRequirements): Root[] =>
  needs.whole.map(({ relation, purpose }) => ({ relation, why: { kind: 'boot', purpose } }));

const toolRoots = (needs: BootRequirements): Root[] =>
  needs.tools.map((relation) => ({ relation, why: { kind: 'boot', purpose: 'assembles the disk' } }));

/** Not Essential, but of priority `required`: scripts make users by it without a relation that says so. */
const MAKES_USERS = 'passwd';

function essentialRoots(universe: Universe): Root[] {
  const names = [...universe.essential().map(({ name }) => name), MAKES_USERS].filter((it) => universe.candidate(it));
  return [...new Set(names)].map((relation) => ({ relation, why: { kind: 'boot', purpose: 'configures packages' } }));
}

function partialPackages(universe: Universe, needs: BootRequirements): Sets['partial'] {
  const files = needs.files.map(({ relation, paths, purpose }) => ({
    record: required(universe, relation),
    paths,
    purpose,
  }));
  return [
    ...files,
    { record: kernelPackage(universe, needs.kernel), paths: [], purpose: 'kernel and modules, in the boot image' },
  ];
}

function required(universe: Universe, name: string): PackageRecord {
  const record = universe.candidate(name);
  if (record) return record;
  const nearest = universe.nearest(name, 3);
  const hint = nearest.length > 0 ? `the nearest names are ${nearest.join(', ')}` : undefined;
  throw new KilnError('NOT_FOUND', `no package ${name} in these sources`, { hint });
}

/** The package with the kernel itself: a name such as `linux-image-cloud-amd64` only depends on the current one. */
export function kernelPackage(universe: Universe, name: string): PackageRecord {
  const named = required(universe, name);
  const images = universe
    .relations(named, 'Depends')
    .flatMap((group) => group.filter((it) => /^linux-image-\d/.test(it.name)));
  return images[0] ? required(universe, images[0].name) : named;
}

function writeDown(request: LockRequest, archive: Archive, sets: Sets, evidence: EvidenceOutcome): Lock {
  const packages = shipped(sets, evidence);
  const names = new Set(packages.map((it) => it.name));
  const body: Omit<Lock, 'digest'> = {
    lockVersion: 1,
    image: request.spec.name,
    specDigest: request.specDigest,
    madeBy: recipe(),
    os: {
      family: request.spec.os.family,
      release: request.spec.os.release,
      architecture: request.spec.os.architecture,
    },
    indexes: archive.indexes.map(({ origin, label, suite, codename, component, architecture, sha256, date }) => ({
      origin,
      label,
      suite,
      codename,
      component,
      architecture,
      sha256,
      date,
    })),
    packages,
    build: { base: sets.base.packages.map(debOf), tools: sets.tools.packages.map(debOf) },
    excluded: {
      packages: archive.universe.size - packages.length,
      essential: sets.base.packages.filter((it) => it.essential && !names.has(it.name)).map((it) => it.name),
    },
    proof: {
      kind: sets.closure.proven ? 'optimal' : 'feasible',
      installedSizeKiB: sets.closure.installedSizeKiB,
      lowerBoundKiB: sets.closure.lowerBoundKiB,
    },
    unproven: evidence.unproven,
  };
  return { ...body, digest: digestOf(body) };
}

function shipped({ closure, boot, base, partial }: Sets, evidence: EvidenceOutcome): LockedPackage[] {
  const whole = (layer: 'closure' | 'boot') => (it: ResolvedPackage) => ({
    ...debOf(it),
    layer,
    why: reasons(it, layer),
  });
  const inBase = new Map(base.packages.map((it) => [it.name, it]));
  const brought = evidence.packages.flatMap(({ name, files, why }): LockedPackage[] => {
    const record = inBase.get(name);
    return record ? [{ ...debOf(record), layer: 'evidence', why, files }] : [];
  });
  const parts = partial.map(({ record, paths, purpose }): LockedPackage => {
    return { ...debOf(record), layer: 'boot', why: [{ kind: 'boot', purpose }], files: [...paths] };
  });
  const all = [...closure.packages.map(whole('closure')), ...boot.packages.map(whole('boot')), ...brought];
  const names = new Set(all.map((it) => it.name));
  return [...all, ...parts.filter((it) => !names.has(it.name))].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function reasons(it: ResolvedPackage, layer: string): Reason[] {
  return it.why.length > 0 ? [...it.why] : [{ kind: 'boot', purpose: `the ${layer} layer` }];
}

function debOf({
  name,
  version,
  architecture,
  source,
  sha256,
  sizeBytes,
  installedSizeKiB,
  filename,
  index,
}: PackageRecord): LockedDeb {
  return { name, version, architecture, source, sha256, sizeBytes, installedSizeKiB, filename, index };
}

const mebibytes = (kib: number): string => (kib / 1024).toFixed(1);
