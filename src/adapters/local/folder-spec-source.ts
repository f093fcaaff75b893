import { createHash, type Hash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { loadAccounts } from '../../app/sources/load-accounts.ts';
import { loadSpec } from '../../app/sources/load-spec.ts';
import type { AccountsFile } from '../../model/account.ts';
import { digestOf } from '../../model/canonical.ts';
import { KilnError } from '../../model/error.ts';
import { type Lock, lock as lockSchema } from '../../model/lock.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { LoadedSpec, SpecSource } from '../../ports/spec-source.ts';
import { writeAtomically } from './temporary-file.ts';

/**
 * Specs, locks, accounts and policies in the user's own folders; the catalog says where an image's spec is. `accounts` names the
 * accounts file; default: the nearest `accounts.yaml` at the spec or above it.
 */
export function folderSpecSource(options: { catalog: Pick<Catalog, 'getImage'>; accounts?: string }): SpecSource {
  const specPath = async (image: string) => {
    const known = await options.catalog.getImage(image);
    if (known) return known.spec;
    throw new KilnError('NOT_FOUND', `no image ${image} is known`, { hint: 'kiln build PATH makes it known' });
  };
  const accountsPath = async (image: string) =>
    options.accounts ?? nearest(dirname(await specPath(image)), 'accounts.yaml');
  return {
    load: async (image) => loadWithDigests(await specPath(image)),
    readLock: async (image) => readLock(lockPath(await specPath(image))),
    writeLock: async (image, lock) => writeLock(lockPath(await specPath(image)), lock),
    accounts: async (image) => (await readAccounts(await accountsPath(image))).accounts,
    units: async (image) => (await readAccounts(await accountsPath(image))).units,
    policyFolder: async (image) => nearest(dirname(await specPath(image)), 'policies'),
  };
}

/** `image.lock` beside `image.yaml`. */
export function lockPath(specPath: string): string {
  return `${specPath.replace(/\.ya?ml$/, '')}.lock`;
}

/** The first `name` in a folder or one above it; undefined where there is none. */
export function nearest(folder: string, name: string): string | undefined {
  const here = join(folder, name);
  if (existsSync(here)) return here;
  const parent = dirname(folder);
  return parent === folder ? undefined : nearest(parent, name);
}

/** A spec with its digests: of all of it with the files that it names, and of what decides its lock. */
export async function loadWithDigests(path: string): Promise<LoadedSpec> {
  const { spec, directory } = await loadSpec(path);
  const own = digestOfOwnFiles(spec, directory);
  const { os, application, resolution, boot, identities } = spec;
  const lockInputs = digestOf({ os, application, resolution, boot, identities, own });
  return { spec, directory, digest: digestOf({ spec, own }), lockInputs };
}

function digestOfOwnFiles({ application }: ImageSpec, directory: string): string {
  const hash = createHash('sha256');
  const sources = [application.from?.path, ...application.files.map((it) => it.source)];
  for (const source of sources) if (source !== undefined) addToHash(hash, join(directory, source), source);
  return hash.digest('hex');
}

function addToHash(hash: Hash, path: string, name: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new KilnError('NOT_FOUND', `no file ${path}`, { hint: 'the spec names it' });
  hash.update(`${name}\0${found.mode}\0`);
  if (!found.isDirectory()) hash.update(readFileSync(path));
  else for (const child of readdirSync(path).sort()) addChild(hash, join(path, child), `${name}/${child}`);
}

/** Links inside a folder are their text: they may lead nowhere, or round in circles. What is neither file nor folder is not laid. */
function addChild(hash: Hash, path: string, name: string): void {
  const found = lstatSync(path);
  if (found.isSymbolicLink()) hash.update(`${name}\0link\0${readlinkSync(path)}\0`);
  else if (found.isFile() || found.isDirectory()) addToHash(hash, path, name);
}

/** Reads and checks a lock. Throws LOCK_CORRUPT. */
export async function readLock(path: string): Promise<Lock | undefined> {
  const text = await readFile(path, 'utf8').catch((error) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const parsed = lockSchema.safeParse(jsonOf(text, path));
  if (!parsed.success)
    throw corrupt(path, `${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}`);
  const { digest, ...body } = parsed.data;
  if (digest !== digestOf(body)) throw corrupt(path, 'its content does not have the digest that it states');
  return parsed.data;
}

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw corrupt(path, (error as Error).message);
  }
}

function corrupt(path: string, why: string): KilnError {
  return new KilnError('LOCK_CORRUPT', `${path} is not a lock: ${why}`, {
    hint: 'delete it and resolve again; locks are not edited by hand',
  });
}

async function writeLock(path: string, lock: Lock): Promise<void> {
  await writeAtomically(path, `${JSON.stringify(lock, null, 2)}\n`, dirname(path));
}

async function readAccounts(path: string | undefined): Promise<AccountsFile> {
  return path === undefined || !existsSync(path) ? { accounts: [], units: [] } : loadAccounts(path);
}
