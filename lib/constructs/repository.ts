import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A path of this checkout. */
export function repositoryPath(...parts: string[]): string {
  return join(ROOT, ...parts);
}
