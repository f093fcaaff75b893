import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { formatBytes } from '../style.ts';
import type { HostCheck } from './check.ts';

const ENOUGH = 4 * 2 ** 30;
const LEAST = 2 ** 30;

/** Room for what Kiln keeps: packages, a configured base, disks. */
export const room: HostCheck = ({ home }) => {
  const name = 'disk space';
  const folder = nearestFolder(home);
  const mend = 'choose another folder with KILN_HOME or --home';
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    return { name, state: 'missing', found: `${folder} cannot be written`, mend };
  }
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const found = `${formatBytes(free)} free at ${home}`;
  if (free >= ENOUGH) return { name, state: 'ok', found };
  const state = free >= LEAST ? 'warning' : 'missing';
  return { name, state, found, mend: `make room (kiln clean), or ${mend}` };
};

function nearestFolder(path: string): string {
  return existsSync(path) || path === dirname(path) ? path : nearestFolder(dirname(path));
}
