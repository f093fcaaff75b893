import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sealOf } from '../sealed-file.ts';

/**
 * Removes the files in some folders that nobody read since `before` (milliseconds since the epoch), with their seals. Linux notes
 * reading once a day at most, so `before` should lie days back.
 */
export async function sweepUnused(
  folders: readonly string[],
  before: number,
): Promise<{ files: number; bytes: number }> {
  let [files, bytes] = [0, 0];
  for (const folder of folders) {
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name);
      const stats = await stat(path).catch(() => undefined);
      if (!stats?.isFile() || name.endsWith('.seal') || Math.max(stats.atimeMs, stats.mtimeMs) >= before) continue;
      await rm(path, { force: true });
      await rm(sealOf(path), { force: true });
      files += 1;
      bytes += stats.size;
    }
  }
  return { files, bytes };
}
