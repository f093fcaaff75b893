import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { sha256 } from '../../model/canonical.ts';
import { KilnError } from '../../model/error.ts';
import type { VerifiedIndex } from '../../model/package.ts';
import type { Folders } from '../../ports/folders.ts';
import { loadUniverse, newestDate, seenIndexes } from '../../resolver/universe/load-universe.ts';
import { buildUniverse, type Universe } from '../../resolver/universe/universe.ts';
import { universeFolder } from '../lock/closure.ts';
import { readPackagesFiles } from './packages-files.ts';

/**
 * The packages of an earlier index, to compare with: from a folder of Packages files, or what this machine has seen by the first digits of
 * an index's digest (eight at least) or by a date, then the newest that is not after it. Throws NOT_FOUND saying what was seen.
 */
export function universeSince(
  folders: Pick<Folders, 'cache'>,
  since: string,
  now: readonly VerifiedIndex[],
  architecture: string,
): Universe {
  if (statSync(since, { throwIfNoEntry: false })?.isDirectory()) return universeOfFolder(since, now, architecture);
  const folder = universeFolder(folders);
  const seen = seenIndexes(folder).filter((it) => coverage(it) === coverage(now));
  const found = /^[0-9a-f]{8,64}$/.test(since)
    ? seen.find((indexes) => indexes.some((it) => it.sha256.startsWith(since)))
    : seenAt(seen, since);
  if (found) return loadUniverse(folder, found, architecture);
  const known = seen.map((it) => `${newestDate(it)} (${it.map((index) => index.sha256.slice(0, 8)).join(' ')})`);
  throw new KilnError('NOT_FOUND', `no index ${since} was seen on this machine, and there is no such folder`, {
    hint: `seen were ${known.join(', ') || 'none'}; or name a folder of Packages files`,
  });
}

/** What indexes are of: only those of the same sources can be compared. */
function coverage(indexes: readonly VerifiedIndex[]): string {
  return indexes
    .map(({ codename, component, architecture }) => `${codename} ${component} ${architecture}`)
    .sort()
    .join();
}

function seenAt(seen: readonly (readonly VerifiedIndex[])[], date: string): readonly VerifiedIndex[] | undefined {
  const limit = Date.parse(date);
  if (Number.isNaN(limit)) return undefined;
  return seen.filter((it) => Date.parse(newestDate(it)) <= limit).at(-1);
}

/** Packages files of a folder, which nobody signed: good enough to compare with, and for nothing else. */
function universeOfFolder(folder: string, now: readonly VerifiedIndex[], architecture: string): Universe {
  const inputs = readPackagesFiles(resolve(folder), now, architecture).map(({ path, text, like }) => ({
    index: { ...like, path, sha256: sha256(text) },
    text,
  }));
  return buildUniverse(inputs, architecture);
}
