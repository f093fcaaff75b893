import { homedir } from 'node:os';
import { join } from 'node:path';

/** Folder of everything that Kiln keeps: KILN_HOME, else /var/lib/kiln for root, else below the user's own folder. */
export function defaultHome(): string {
  if (process.env.KILN_HOME) return process.env.KILN_HOME;
  return process.getuid?.() === 0 ? '/var/lib/kiln' : join(homedir(), '.local/share/kiln');
}
