import { placedFiles } from '../../baker/application/application-files.ts';
import { mapStore, treeOver } from '../../formats/tree/tree-store.ts';
import type { FileEntry, FileTree } from '../../model/file-tree.ts';
import type { ImageSpec } from '../../model/spec.ts';

/**
 * The user's own files as they will lie in the image, nobody's package. Owners are left at root's: what needs what does not
 * depend on them. Throws what `placedFiles` throws.
 */
export function applicationTree(spec: ImageSpec, directory: string): FileTree {
  const files = new Map(placedFiles(spec, directory).map((file) => [file.path, file]));
  const entries = [...files.values()].map(
    ({ path, type, mode, target, size }): FileEntry => ({
      path,
      type,
      mode,
      uid: 0,
      gid: 0,
      size,
      ...(type === 'symlink' ? { target: target ?? '' } : {}),
    }),
  );
  return treeOver(mapStore(entries, (entry, start, length) => files.get(entry.path)!.read({ start, length })));
}
