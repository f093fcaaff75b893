import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { memoiseObject } from '../../formats/memoise.ts';
import type { Account } from '../../model/account.ts';
import { digestOf, sha256 } from '../../model/canonical.ts';
import { KilnError } from '../../model/error.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { Ports } from '../../ports/ports.ts';
import type { LoadedSpec } from '../../ports/spec-source.ts';
import { type LoadedPolicies, loadPolicies, type PolicyFile } from '../../validator/load-policies.ts';
import { digestOfPacks, type Pack } from '../../validator/pack.ts';
import { packsForAccount, packsForImage } from '../../validator/select-packs.ts';
import { readerFor } from './at-one-moment.ts';
import { onItsParent } from './parent-packs.ts';

export interface LoadedPacks {
  /** Packs that every copy of the image must pass. */
  readonly packs: readonly Pack[];
  /** Packs that must hold only where the image goes to this account. */
  readonly forAccount: (account: Account) => readonly Pack[];
  /** Hex digest of the packs of all copies, as they are today: while it is the same, the same image is judged alike. */
  readonly digest: string;
  readonly warnings: readonly string[];
}

/** The files that people wrote: packs as YAML, access policies as Cedar. */
export interface PolicyFiles {
  readonly packs: readonly PolicyFile[];
  readonly access: readonly PolicyFile[];
}

/** As much of a spec as says which policies concern it. */
type WithPolicies = Pick<LoadedSpec, 'spec' | 'directory'>;

/** The policies that concern an image. Throws POLICY_INVALID: all files are taken, or none. */
export async function loadPacks(ports: Pick<Ports, 'specs'>, loaded: WithPolicies): Promise<LoadedPacks> {
  return packsOf(loaded.spec, (await readPolicyFiles(ports, loaded)).packs);
}

/** All policy files that concern an image, not yet looked into. Throws NOT_FOUND for one that the spec names and that is not there. */
export async function readPolicyFiles(
  { specs }: Pick<Ports, 'specs'>,
  { spec, directory }: WithPolicies,
): Promise<PolicyFiles> {
  const folder = await specs.policyFolder(spec.name);
  const named = await Promise.all(spec.policies.filter(isPack).map((it) => readNamed(directory, it)));
  const files = folder === undefined ? NO_FILES : byKind(await readerFor(specs, readFolder)(folder));
  return named.length > 0 ? { ...files, packs: [...files.packs, ...named] } : files;
}

const NO_FILES: PolicyFiles = { packs: [], access: [] };

const byKind = memoiseObject(
  (files: readonly PolicyFile[]): PolicyFiles => ({
    packs: files.filter((it) => isPack(it.name)),
    access: files.filter((it) => !isPack(it.name)),
  }),
);

/** The packs of policy files, for one image. Throws POLICY_INVALID. */
export function packsOf(spec: ImageSpec, files: readonly PolicyFile[]): LoadedPacks {
  const today = new Date().toISOString().slice(0, 10);
  const loaded = loadOnce(files, today);
  const policies = spec.policies.filter((it) => !isPack(it));
  requireKnown(spec, policies, loaded);
  const image = { name: spec.name, labels: spec.labels, policies };
  const packs = onItsParent(packsForImage(loaded.packs, loaded.own, image), spec);
  return {
    packs,
    forAccount: (account) => packsForAccount(loaded.packs, loaded.own, image, account),
    digest: digestOfPacks(packs, spec.name, today),
    warnings: loaded.warnings,
  };
}

/** The files that were loaded last, by what they say: many images are judged by the same ones, one after the other. */
const kept = new Map<string, LoadedPolicies>();

const digestOfFiles = memoiseObject((files: readonly PolicyFile[]) =>
  digestOf(files.map((it) => ({ ...it, bytes: sha256(it.bytes) }))),
);

function loadOnce(files: readonly PolicyFile[], today: string): LoadedPolicies {
  const key = `${today} ${digestOfFiles(files)}`;
  const loaded = kept.get(key) ?? loadPolicies(files, { today });
  if (kept.size > 16) kept.clear();
  kept.set(key, loaded);
  return loaded;
}

const isPack = (policy: string): boolean => /\.ya?ml$/.test(policy);

async function readFolder(folder: string): Promise<PolicyFile[]> {
  const names = (await readdir(folder)).filter((it) => isPack(it) || it.endsWith('.cedar')).sort();
  return Promise.all(
    names.map(async (name) => ({
      name: `policies/${name}`,
      directory: folder,
      bytes: await readFile(join(folder, name)),
    })),
  );
}

async function readNamed(directory: string, name: string): Promise<PolicyFile> {
  const bytes = await readFile(resolve(directory, name)).catch(() => undefined);
  if (bytes) return { name, bytes, directory: dirname(resolve(directory, name)) };
  throw new KilnError('NOT_FOUND', `no policy file ${name}`, {
    hint: 'policies in the spec names it, relative to the spec',
  });
}

function requireKnown(spec: ImageSpec, policies: readonly string[], { packs }: LoadedPolicies): void {
  const unknown = policies.find((name) => !packs.has(name));
  if (unknown === undefined) return;
  const hint = `there is ${[...packs.keys()].join(', ')}`;
  throw new KilnError('POLICY_INVALID', `${spec.name} asks for the pack ${unknown}, which nobody defines`, { hint });
}
