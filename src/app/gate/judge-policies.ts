import type { AccessPolicies } from '../../distributor/access/access-policies.ts';
import { loadAccess } from '../../distributor/access/load-access.ts';
import { memoiseObject } from '../../formats/memoise.ts';
import type { Account } from '../../model/account.ts';
import { digestOf, sha256 } from '../../model/canonical.ts';
import { KilnError } from '../../model/error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { LoadedSpec } from '../../ports/spec-source.ts';
import type { PolicyFile } from '../../validator/load-policies.ts';
import { type LoadedPacks, type PolicyFiles, packsOf, readPolicyFiles } from '../sources/packs.ts';

/** Everything that decides who may have an image, as it stands now. */
export interface PoliciesInForce {
  readonly packs: LoadedPacks;
  readonly access: AccessPolicies;
  readonly accounts: readonly Account[];
  /** Hex digest of packs, access policies and accounts: what must be the same for a decision to be the same. */
  readonly digest: string;
  /** What is wrong with the files of now, when older ones stand in for them; and what is odd about them. */
  readonly warnings: readonly string[];
}

interface Kept {
  readonly packs: readonly KeptFile[];
  readonly access: readonly KeptFile[];
}

/** Where the files are that were right last for an image: most images have the same ones. */
interface KeptPlace {
  readonly files: string;
}

/** A policy file with its bytes as text. */
type KeptFile = Omit<PolicyFile, 'bytes'> & { readonly text: string };

const keyOf = (image: string): string => `policies:${image}`;
const keyOfFiles = (digest: string): string => `policy-files:${digest}`;

/**
 * The policies that decide about an image: the files of now, if all of them are right, else the last ones that were. Throws
 * POLICY_INVALID when none ever were.
 */
export async function policiesInForce(
  ports: Pick<Ports, 'specs' | 'catalog'>,
  loaded: LoadedSpec,
): Promise<PoliciesInForce> {
  const { catalog, specs } = ports;
  const key = keyOf(loaded.spec.name);
  const accounts = await specs.accounts(loaded.spec.name);
  try {
    const files = await readPolicyFiles(ports, loaded);
    const now = inForce(files, accounts, loaded);
    await keep(catalog, key, files);
    return now;
  } catch (error) {
    if (!(error instanceof KilnError) || error.code !== 'POLICY_INVALID') throw error;
    const kept = await lastKept(catalog, key);
    const before = kept && inForceBefore(kept, accounts, loaded);
    if (!before) throw error;
    const told = error.message.split('\n').map((it) => `the last good policies stay in force: ${it}`);
    return { ...before, warnings: [...told, ...before.warnings] };
  }
}

function inForce(files: PolicyFiles, accounts: readonly Account[], { spec }: LoadedSpec): PoliciesInForce {
  const packs = packsOf(spec, files.packs);
  const access = accessOnce(files.access, accounts);
  const digest = digestOf({ packs: packs.digest, access: access.digest, accounts: digestOfAccounts(accounts) });
  return { packs, access, accounts, digest, warnings: [...packs.warnings, ...access.warnings] };
}

/** The access policies that were checked last, by what they say and of whom: many images are judged by the same ones, one after the other. */
const checked = new Map<string, AccessPolicies>();

const digestOfAccounts = memoiseObject((accounts: readonly Account[]) => digestOf(accounts));

const digestOfFiles = memoiseObject((files: readonly PolicyFile[]) =>
  digestOf(files.map(({ name, bytes }) => ({ name, bytes: sha256(bytes) }))),
);

function accessOnce(files: PolicyFiles['access'], accounts: readonly Account[]): AccessPolicies {
  const key = `${digestOfAccounts(accounts)} ${digestOfFiles(files)}`;
  const access = checked.get(key) ?? loadAccess(files, accounts);
  if (checked.size > 16) checked.clear();
  checked.set(key, access);
  return access;
}

/** What was right may have become wrong by a change elsewhere: an account that an access policy names was removed. */
function inForceBefore(kept: Kept, accounts: readonly Account[], loaded: LoadedSpec): PoliciesInForce | undefined {
  const files = { packs: kept.packs.map(fileOf), access: kept.access.map(fileOf) };
  const removed = kept.access.flatMap((it) => [...it.text.matchAll(/Account::"(\d{12})"/g)].map((match) => match[1]!));
  const known = accounts.map((it) => it.id);
  // A policy may go on naming them: nobody who is not in accounts.yaml gets anything, whatever it says.
  const former = [...new Set(removed)].filter((id) => !known.includes(id)).map((id) => ({ id, name: id }));
  try {
    const policies = inForce(files, [...accounts, ...former], loaded);
    return { ...policies, accounts };
  } catch (error) {
    if (error instanceof KilnError && error.code === 'POLICY_INVALID') return undefined;
    throw error;
  }
}

const fileOf = ({ text, ...it }: KeptFile): PolicyFile => ({ ...it, bytes: Buffer.from(text) });

/** The files as documents hold them, and their digest. */
const keptOf = memoiseObject((files: PolicyFiles) => {
  const text = ({ bytes, ...it }: PolicyFile): KeptFile => ({ ...it, text: Buffer.from(bytes).toString('utf8') });
  const kept: Kept = { packs: files.packs.map(text), access: files.access.map(text) };
  return { kept, digest: digestOf(kept) };
});

async function keep(catalog: Ports['catalog'], key: string, files: PolicyFiles): Promise<void> {
  const { kept, digest } = keptOf(files);
  const before = (await catalog.getDocument(key)) as KeptPlace | undefined;
  if (before?.files === digest) return;
  // First the files, then what names them: killed in between, the older ones still stand.
  await catalog.putDocument(keyOfFiles(digest), kept);
  await catalog.putDocument(key, { files: digest } satisfies KeptPlace);
}

async function lastKept(catalog: Ports['catalog'], key: string): Promise<Kept | undefined> {
  const found = (await catalog.getDocument(key)) as KeptPlace | Kept | undefined;
  return found && 'files' in found ? ((await catalog.getDocument(keyOfFiles(found.files))) as Kept | undefined) : found;
}
