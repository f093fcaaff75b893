import { join } from 'node:path';
import { writeTarOfFolder } from '../../formats/archive/tar-writer.ts';
import { KilnError } from '../../model/error.ts';
import { fileCapabilities } from './file-capabilities.ts';

/** A root as one file. */
export interface WrittenTree {
  /** Hex SHA-256 of the tar: two bakes of one lock give the same. */
  readonly treeDigest: string;
  readonly tarPath: string;
  readonly sizeBytes: number;
}

/** Writes a root's folder as a tar in `work`: sorted, every time that of `sourceDateEpoch`, file capabilities kept. */
export async function writeTree(
  root: string,
  work: string,
  sourceDateEpoch: number,
  signal?: AbortSignal,
): Promise<WrittenTree> {
  const tarPath = join(work, 'root.tar');
  try {
    const options = { mtime: sourceDateEpoch, xattrs: fileCapabilities(root), signal };
    const { sha256, sizeBytes } = await writeTarOfFolder(root, tarPath, options);
    return { treeDigest: sha256, tarPath, sizeBytes };
  } catch (error) {
    if (signal?.aborted) throw new KilnError('INTERRUPTED', 'writing the tree was interrupted', { cause: error });
    throw error;
  }
}
