import type { FileTree } from '../../model/file-tree.ts';
import type { Need, Reachability } from '../../model/inventory.ts';
import { KILN_FOLDER } from '../spec-files.ts';

/** What can run, with Kiln's own runtime: the firmware starts the kernel, and that starts what is in Kiln's folder. */
export function withRuntime(tree: FileTree, reachability: Reachability): Reachability {
  const reachable = new Map(reachability.reachable);
  const executed = new Set(reachability.executed ?? reachable.keys());
  for (const entry of tree.entries()) {
    if (!entry.path.startsWith(`${KILN_FOLDER}/`)) continue;
    const need: Need = { rule: 'kiln-runtime', by: KILN_FOLDER, needs: entry.path, required: true };
    const led = tree.resolve(entry.path);
    for (const path of [entry.path, ...(led ? [led.path] : [])]) {
      if (!reachable.has(path)) reachable.set(path, [need]);
      executed.add(path);
    }
  }
  return { reachable, executed, missing: reachability.missing };
}
