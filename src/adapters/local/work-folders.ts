import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Folders } from '../../ports/folders.ts';
import { isRunning, processIdentity } from './process-identity.ts';

/** File in a work folder that names the process it belongs to. */
const OWNER = '.owner';
/** A folder whose owner file may not be written yet carries its process in its name. */
const CLAIM = /^\.claim-(\d+-\d+)-/;

/** Work folders in `work`, beside the folder `cache`. */
export function localFolders({ work, cache }: { work: string; cache: string }): Folders {
  return { cache, claim: (name) => claimWork(work, name), sweep: () => sweepWork(work) };
}

/** Makes an empty work folder of this process, readable by its user alone; what an earlier one of that name left is removed. */
export function claimWork(parent: string, name: string): string {
  const identity = processIdentity();
  mkdirSync(parent, { recursive: true });
  const claim = mkdtempSync(join(parent, `.claim-${identity}-`));
  writeFileSync(join(claim, OWNER), identity ?? '');
  const folder = join(parent, name);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  renameSync(claim, folder);
  return folder;
}

/** Removes the work folders in `parent` whose process has ended, as after a SIGKILL, or that nobody claimed; gives their names. */
export function sweepWork(parent: string): string[] {
  if (!existsSync(parent)) return [];
  const left = readdirSync(parent).filter((name) => !isRunning(ownerOf(parent, name)));
  for (const name of left) rmSync(join(parent, name), { recursive: true, force: true });
  return left.sort();
}

function ownerOf(parent: string, name: string): string {
  const claimed = CLAIM.exec(name)?.[1];
  if (claimed) return claimed;
  try {
    return readFileSync(join(parent, name, OWNER), 'utf8');
  } catch {
    return '';
  }
}
