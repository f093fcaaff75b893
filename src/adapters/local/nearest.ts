import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The first `name` in a folder or one above it; undefined where there is none. */
export function nearest(folder: string, name: string): string | undefined {
  const here = join(folder, name);
  if (existsSync(here)) return here;
  const parent = dirname(folder);
  return parent === folder ? undefined : nearest(parent, name);
}
