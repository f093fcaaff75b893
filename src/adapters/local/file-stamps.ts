import { lstatSync, readdirSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { memoise } from '../../formats/memoise.ts';
import { sha256 } from '../../model/canonical.ts';
import type { StampRequest } from '../../ports/spec-source.ts';
import { nearest } from './nearest.ts';

/** What a file looked like, without being read. */
interface Look {
  readonly text: string;
  /** When anything about it changed last: milliseconds since the epoch. */
  readonly changedAt: number;
}

/** A change within this time may be followed by one that looks the same: clocks of file systems tick slowly. */
export const FRESH_MS = 2_000;

/** Stamps of images' specs, the files that these name, their accounts file and their policy files; `SpecSource.stamps`. */
export function stampImages(
  images: readonly StampRequest[],
  accounts?: string,
  now: number = Date.now(),
): Map<string, string> {
  const lookAt = memoise(lookAtPath);
  const policies = memoise(lookAtPolicies);
  const shared = memoise((folder: string) =>
    combine([
      ...[accounts ?? nearest(folder, 'accounts.yaml')].map((it) => (it === undefined ? ABSENT : lookAt(it))),
      policies(nearest(folder, 'policies')),
    ]),
  );
  const stamps = new Map<string, string>();
  for (const { name, reads } of images) {
    const [spec] = reads;
    if (spec === undefined) continue;
    const { text, changedAt } = combine([...reads.map(lookAt), shared(dirname(spec))]);
    if (now - changedAt >= FRESH_MS) stamps.set(name, sha256(text));
  }
  return stamps;
}

const ABSENT: Look = { text: 'absent', changedAt: 0 };

function combine(looks: readonly Look[]): Look {
  return {
    text: looks.map((it) => it.text).join('\n'),
    changedAt: looks.reduce((latest, it) => Math.max(latest, it.changedAt), 0),
  };
}

function lookAtPath(path: string): Look {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return ABSENT;
  return found.isDirectory() ? lookBelow(path, found) : lookOf(path, found);
}

const lookOf = (name: string, { ino, size, mode, mtimeMs, ctimeMs }: Stats): Look => ({
  text: `${name} ${ino} ${size} ${mode} ${mtimeMs} ${ctimeMs}`,
  changedAt: ctimeMs,
});

function lookBelow(folder: string, found: Stats): Look {
  const inside = readdirSync(folder, { withFileTypes: true, recursive: true }).map((it) => {
    const path = join(it.parentPath, it.name);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats ? lookOf(path, stats) : ABSENT;
  });
  return combine([lookOf(folder, found), ...inside]);
}

/** The policies themselves: advisories that lie beside them are asked for on their own. */
function lookAtPolicies(folder: string | undefined): Look {
  if (folder === undefined) return ABSENT;
  const names = readdirSync(folder).filter((it) => /\.(ya?ml|cedar)$/.test(it));
  return combine(names.sort().map((it) => lookAtPath(join(folder, it))));
}
