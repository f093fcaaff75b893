import { execFile } from 'node:child_process';
import { chmod, mkdir, opendir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { sha256 } from '../../model/canonical.ts';
import { KilnError } from '../../model/error.ts';
import type { ArtifactStore } from '../../ports/artifact-store.ts';
import { digestOfFile } from './file-digest.ts';
import { isWhole, seal, sealOf } from './sealed-file.ts';
import { noSpace, sweepTemporary, withTemporaryFile } from './temporary-file.ts';

/** Artifacts as read-only files of a folder, by digest. Several processes may use it at once. */
export function folderArtifactStore(folder: string): ArtifactStore {
  const temporary = join(folder, 'partial');
  sweepTemporary(temporary);
  const pathOf = (digest: string) => join(folder, checked(digest).slice(0, 2), digest);

  async function verifiedPath(digest: string): Promise<string> {
    const path = pathOf(digest);
    if (!(await exists(path))) {
      throw new KilnError('NOT_FOUND', `artifact ${digest} is not in the store`, { hint: 'build the image again' });
    }
    if (await isWhole(path, temporary, digest)) return path;
    throw new KilnError('ARTIFACT_CORRUPT', `artifact ${digest} was changed since it was stored`, {
      hint: 'build the image again; look into what wrote to the store',
    });
  }

  /** Moves a file of this store's file system to where its digest says. */
  async function keep(file: string, digest: string): Promise<void> {
    const path = pathOf(digest);
    if (await isWhole(path, temporary, digest)) return;
    await mkdir(dirname(path), { recursive: true });
    await chmod(file, 0o444);
    await rename(file, path);
    await seal(path, digest, temporary);
  }

  /** As `keep`, for a file that may lie elsewhere. Until it is kept it stays where it was: a build that was killed finds it there. */
  async function keepOrCopy(file: string, digest: string): Promise<void> {
    try {
      await keep(file, digest);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
      await withTemporaryFile(temporary, async (copy) => {
        await copySparse(file, copy);
        await keep(copy, await digestOfFile(copy));
      });
    }
  }

  return {
    has: (digest) => exists(pathOf(digest)),
    async put(content) {
      if ('bytes' in content) {
        const digest = sha256(content.bytes);
        await withTemporaryFile(temporary, async (file) => {
          await writeFile(file, content.bytes);
          await keep(file, digest);
        });
        return digest;
      }
      const digest = content.digest ?? (await digestOfFile(content.path));
      await keepOrCopy(content.path, digest);
      await rm(content.path, { force: true });
      return digest;
    },
    path: verifiedPath,
    read: async (digest) => readFile(await verifiedPath(digest)),
    async remove(digest) {
      await rm(sealOf(pathOf(digest)), { force: true });
      await rm(pathOf(digest), { force: true });
    },
    list: () => list(folder),
  };
}

async function copySparse(from: string, to: string): Promise<void> {
  try {
    await promisify(execFile)('cp', ['--sparse=always', '--reflink=auto', '--', from, to]);
  } catch (error) {
    const full = /No space left|Disk quota/.test((error as { stderr?: string }).stderr ?? '');
    throw full ? noSpace(Object.assign(new Error('cp', { cause: error }), { code: 'ENOSPC' }), to) : error;
  }
}

async function* list(folder: string): ReturnType<ArtifactStore['list']> {
  for await (const shelf of await openFolder(folder)) {
    if (!/^[0-9a-f]{2}$/.test(shelf.name)) continue;
    for await (const { name } of await openFolder(join(folder, shelf.name))) {
      if (!/^[0-9a-f]{64}$/.test(name)) continue;
      const stats = await stat(join(folder, shelf.name, name)).catch(() => undefined);
      if (stats) yield { digest: name, sizeBytes: stats.size, modifiedAt: stats.mtime.toISOString() };
    }
  }
}

async function openFolder(folder: string): Promise<AsyncIterable<{ name: string }>> {
  return opendir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return (async function* () {})();
    throw error;
  });
}

function checked(digest: string): string {
  if (!/^[0-9a-f]{64}$/.test(digest)) throw new Error(`internal: ${digest} is no digest`);
  return digest;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}
