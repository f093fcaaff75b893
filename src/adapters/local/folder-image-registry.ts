import { existsSync, lstatSync } from 'node:fs';
import { link, mkdir, readdir, readFile, rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { KilnError } from '../../model/error.ts';
import type { ArtifactStore } from '../../ports/artifact-store.ts';
import type { ImageRegistry, RegisteredImage, RegisterRequest } from '../../ports/image-registry.ts';
import { writeAtomically } from './temporary-file.ts';

interface Manifest extends RegisterRequest {
  readonly imageId: string;
  readonly state: RegisteredImage['state'];
  readonly reason?: string;
  /** ISO 8601; advised against from then on. */
  readonly deprecatedAt?: string;
}

/**
 * Machine images in folders: `images/<id>/` has the manifest and the disk (a read-only link to the stored artifact),
 * `accounts/<account>/<id>/` is there while the account may launch it, with the disk where it may copy it; `aliases/<name>` names an image.
 */
export function folderImageRegistry(folder: string, store: ArtifactStore): ImageRegistry {
  const at = (...parts: string[]) => join(folder, ...parts);
  const readManifest = async (imageId: string): Promise<Manifest | undefined> => {
    const text = await readFile(at('images', imageId, 'manifest.json'), 'utf8').catch(ignoreMissing);
    return text === undefined ? undefined : JSON.parse(text);
  };
  const requireManifest = async (imageId: string) => {
    const manifest = await readManifest(imageId);
    if (!manifest)
      throw new KilnError('NOT_FOUND', `no image ${imageId} in the registry`, { hint: 'kiln images lists them' });
    return manifest;
  };
  const sharedWith = async (imageId: string) => {
    const accounts = (await readdir(at('accounts')).catch(ignoreMissing)) ?? [];
    return accounts.filter((account) => existsSync(at('accounts', account, imageId))).sort();
  };
  const readableBy = (imageId: string, accounts: readonly string[]) =>
    accounts.filter((account) => existsSync(at('accounts', account, imageId, 'disk.raw')));
  const withdraw = async (imageId: string, state: RegisteredImage['state'], reason?: string) => {
    const manifest = await readManifest(imageId);
    if (!manifest) return;
    // First nobody's, then marked: killed in between, it is less available than recorded and never more.
    await removeGrants(folder, imageId, await sharedWith(imageId));
    await writeJson(at('images', imageId, 'manifest.json'), { ...manifest, state, reason });
  };

  return {
    async register(request) {
      const imageId = `img-${request.image}-${request.version}`;
      const known = await readManifest(imageId);
      if (known && known.key !== request.key)
        throw new Error(`internal: ${imageId} is of ${known.key}, not of ${request.key}`);
      await mkdir(at('images', imageId), { recursive: true });
      // A build that was interrupted may have resolved, and baked, anew since.
      const isSame = known?.diskDigest === request.diskDigest;
      if (known && !isSame) {
        await withdraw(imageId, 'private');
        await rm(at('images', imageId, 'disk.raw'), { force: true });
      }
      await linkDisk(await store.path(request.diskDigest), at('images', imageId, 'disk.raw'));
      const manifest: Manifest = {
        ...request,
        imageId,
        state: isSame && known.state === 'available' ? 'available' : 'private',
      };
      await writeJson(at('images', imageId, 'manifest.json'), manifest);
      return { imageId, state: manifest.state, sharedWith: await sharedWith(imageId) };
    },
    async describe(imageId) {
      const manifest = await readManifest(imageId);
      if (!manifest) return undefined;
      const accounts = await sharedWith(imageId);
      return { imageId, state: manifest.state, sharedWith: accounts, readableBy: readableBy(imageId, accounts) };
    },
    async share(imageId, accounts, _where, { copy = true } = {}) {
      const manifest = await requireManifest(imageId);
      if (manifest.state === 'quarantined' || manifest.state === 'deregistered') {
        throw new KilnError('REFUSED', `${imageId} is ${manifest.state}: it can't be shared`);
      }
      await addGrants(folder, imageId, accounts, copy);
      if (manifest.state === 'private')
        await writeJson(at('images', imageId, 'manifest.json'), { ...manifest, state: 'available' });
    },
    revoke: (imageId, accounts) => removeGrants(folder, imageId, accounts),
    quarantine: (imageId, reason) => withdraw(imageId, 'quarantined', reason),
    async deregister(imageId) {
      await withdraw(imageId, 'deregistered');
      await rm(at('images', imageId), { recursive: true, force: true });
    },
    async alias(name, imageId) {
      await requireManifest(imageId);
      await mkdir(join(at('aliases', name), '..'), { recursive: true });
      await writeJson(at('aliases', name), { imageId });
    },
    unalias: (name) => rm(at('aliases', name), { force: true }),
    async deprecate(imageId, deprecatedAt) {
      await writeJson(at('images', imageId, 'manifest.json'), { ...(await requireManifest(imageId)), deprecatedAt });
    },
  };
}

async function addGrants(folder: string, imageId: string, accounts: readonly string[], copy: boolean): Promise<void> {
  const disk = join(folder, 'images', imageId, 'disk.raw');
  for (const account of accounts) {
    const grant = join(folder, 'accounts', account, imageId);
    // What an older Kiln made was a link to the whole image.
    if (lstatSync(grant, { throwIfNoEntry: false })?.isSymbolicLink()) await unlink(grant).catch(ignoreMissing);
    await mkdir(grant, { recursive: true });
    if (copy) await linkDisk(disk, join(grant, 'disk.raw'));
    else await rm(join(grant, 'disk.raw'), { force: true });
  }
}

async function removeGrants(folder: string, imageId: string, accounts: readonly string[]): Promise<void> {
  for (const account of accounts)
    await rm(join(folder, 'accounts', account, imageId), { recursive: true, force: true });
}

async function linkDisk(source: string, target: string): Promise<void> {
  await link(source, target).catch(ignoreExisting);
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeAtomically(path, `${JSON.stringify(value, null, 2)}\n`, dirname(path));
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
