import { createHash, type Hash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { loadAccounts } from '../../app/sources/load-accounts.ts';
import { loadSpec } from '../../app/sources/load-spec.ts';
import type { AccountsFile } from '../../model/account.ts';
import { digestOf } from '../../model/canonical.ts';
import { KilnError } from '../../model/error.ts';
import { type Lock, lock as lockSchema } from '../../model/lock.ts';
import type { ImageSpec } from '../../model/spec.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { LoadedSpec, SpecSource } from '../../ports/spec-source.ts';
import { FRESH_MS, stampImages } from './file-stamps.ts';
import { nearest } from './nearest.ts';
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
    stamps: async (images) => stampImages(images, options.accounts),
  };
}

/** `image.lock` beside `image.yaml`. */
export function lockPath(specPath: string): string {
  return `${specPath.replace(/\.ya?ml$/, '')}.lock`;
}

/** A spec with its digests: of all of it with the files that it names, and of what decides its lock. */
export async function loadWithDigests(path: string): Promise<LoadedSpec> {
  const { spec, directory } = await loadSpec(path);
  const own = digestOfOwnFiles(spec, directory);
  const files = [...sourcesOf(spec), ...spec.policies.filter((it) => /\.ya?ml$/.test(it))];
  const reads = [path, ...files.map((it) => resolve(directory, it))];
  const { os, application, resolution, boot, identities } = spec;
  const lockInputs = digestOf({ os, application, resolution, boot, identities, own });
  return { spec, directory, digest: digestOf({ spec, own }), lockInputs, reads };
}

/** Files and folders of the user's own that a spec names. */
function sourcesOf({ application }: ImageSpec): string[] {
  const named = [application.from?.path, ...application.files.map((it) => it.source)];
  return named.filter((it) => it !== undefined);
}

function digestOfOwnFiles(spec: ImageSpec, directory: string): string {
  const hash = createHash('sha256');
  for (const source of sourcesOf(spec)) addToHash(hash, join(directory, source), source);
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

const read = new Map<string, { stamp: string; file: AccountsFile }>();

/** Read again only when it looks different: thousands of images go by one file. */
async function readAccounts(path: string | undefined): Promise<AccountsFile> {
  const found = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
  if (path === undefined || !found) return { accounts: [], units: [] };
  const stamp = `${found.ino} ${found.size} ${found.mtimeMs} ${found.ctimeMs}`;
  const known = read.get(path);
  if (known?.stamp === stamp) return known.file;
  const file = await loadAccounts(path);
  // What changed just now may change once more without looking different.
  if (Date.now() - found.ctimeMs > FRESH_MS) read.set(path, { stamp, file });
  return file;
}
