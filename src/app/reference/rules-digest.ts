import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, sha256 } from '../../model/canonical.ts';

/** What decides a rule's answer about a tree, or what is read of it; packs only choose among the rules. */
const SOURCES = ['validator', 'resolver/evidence', 'formats'];
const ELSEWHERE = /^(validator\/packs|formats\/advisories)\//;

/**
 * Digest of the sources of rules and inventory, for `src/app/gate/rules-digest.json`: a bundle has no sources of its own, and all of them
 * must say the same. `src` is the folder of all sources.
 */
export function rulesDigest(src: string): string {
  const files = SOURCES.flatMap((folder) =>
    readdirSync(join(src, folder), { recursive: true, encoding: 'utf8' }).map((it) => `${folder}/${it}`),
  );
  const read = files.filter((it) => it.endsWith('.ts') && !ELSEWHERE.test(it)).sort();
  return digestOf(read.map((it) => [it, sha256(readFileSync(join(src, it)))])).slice(0, 16);
}
