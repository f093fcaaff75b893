import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Account } from '../model/account.ts';
import { digestOf, sha256 } from '../model/canonical.ts';
import { KilnError } from '../model/error.ts';
import type { ImageSpec } from '../model/spec.ts';
import type { Ports } from '../ports/ports.ts';
import type { LoadedSpec } from '../ports/spec-source.ts';
import { type LoadedPolicies, loadPolicies, type PolicyFile } from '../validator/load-policies.ts';
import type { Pack } from '../validator/pack.ts';
import { packsForAccount, packsForImage } from '../validator/select-packs.ts';

export interface LoadedPacks {
  /** Packs that every copy of the image must pass. */
  readonly packs: readonly Pack[];
  /** Packs that must hold only where the image goes to this account. */
  readonly forAccount: (account: Account) => readonly Pack[];
  /** Hex digest of the policy files and of what the spec names of them. */
  readonly digest: string;
  readonly warnings: readonly string[];
}

/** The policies that concern an image. Throws POLICY_INVALID: all files are taken, or none. */
export async function loadPacks(
  { specs }: Pick<Ports, 'specs'>,
  { spec, directory }: LoadedSpec,
): Promise<LoadedPacks> {
  const named = spec.policies.filter(isFile);
  const files = [
    ...(await filesIn(await specs.policyFolder(spec.name))),
    ...(await Promise.all(named.map((it) => readNamed(directory, it)))),
  ];
  const loaded = loadPolicies(files);
  const policies = spec.policies.filter((it) => !isFile(it));
  requireKnown(spec, policies, loaded);
  const image = { name: spec.name, labels: spec.labels, policies };
  return {
    packs: packsForImage(loaded.packs, loaded.own, image),
    forAccount: (account) => packsForAccount(loaded.packs, loaded.own, image, account),
    digest: digestOf({ policies: spec.policies, files: files.map(({ bytes }) => sha256(bytes)).sort() }),
    warnings: loaded.warnings,
  };
}

const isFile = (policy: string): boolean => /\.ya?ml$/.test(policy);

async function filesIn(folder: string | undefined): Promise<PolicyFile[]> {
  if (folder === undefined) return [];
  const names = (await readdir(folder)).filter(isFile).sort();
  return Promise.all(
    names.map(async (name) => ({ name: `policies/${name}`, bytes: await readFile(join(folder, name)) })),
  );
}

async function readNamed(directory: string, name: string): Promise<PolicyFile> {
  const bytes = await readFile(resolve(directory, name)).catch(() => undefined);
  if (bytes) return { name, bytes };
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
