import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { digestOf, sha256 } from '../../model/canonical.ts';

const SELF = fileURLToPath(import.meta.url);
const SOURCES = join(dirname(SELF), '../..');

/**
 * Digest of the source files that decide what is made: the same inputs give the same result only as long as it is the same. The
 * paths are below `src`, files or whole folders. A bundle has no sources: there it is the bundle's own digest. Read when it is asked
 * for first.
 */
export function recipeOf(paths: readonly string[]): () => string {
  let digest: string | undefined;
  return () => (digest ??= digestOfSources(paths));
}

function digestOfSources(paths: readonly string[]): string {
  if (basename(SELF) !== 'recipe.ts') return sha256(readFileSync(SELF));
  const files = paths.flatMap((path) => filesIn(path)).sort();
  return digestOf(files.map((path) => [path, sha256(readFileSync(join(SOURCES, path)))]));
}

function filesIn(path: string): string[] {
  if (statSync(join(SOURCES, path)).isFile()) return [path];
  const entries = readdirSync(join(SOURCES, path), { withFileTypes: true, recursive: true });
  return entries.filter((it) => it.isFile()).map((it) => join(it.parentPath, it.name).slice(SOURCES.length + 1));
}
