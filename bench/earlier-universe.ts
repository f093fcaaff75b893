import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../src/model/canonical.ts';
import type { VerifiedIndex } from '../src/model/package.ts';
import { loadUniverse } from '../src/resolver/universe/load-universe.ts';

/**
 * Indexes as they were while some packages had other versions, with their universe in `folder`. Versions by name; a package that no index
 * has is passed over.
 */
export function earlierIndexes(
  folder: string,
  indexes: readonly VerifiedIndex[],
  versions: Readonly<Record<string, string>>,
  architecture: string,
): VerifiedIndex[] {
  mkdirSync(folder, { recursive: true });
  const earlier = indexes.map((index) => {
    const now = readFileSync(index.path, 'latin1');
    const text = Object.entries(versions).reduce((left, [name, version]) => withVersion(left, name, version), now);
    if (text === now) return index;
    const bytes = Buffer.from(text, 'latin1');
    const path = join(folder, sha256(bytes));
    writeFileSync(path, bytes);
    return { ...index, path, sha256: sha256(bytes) };
  });
  loadUniverse(folder, earlier, architecture);
  return earlier;
}

function withVersion(text: string, name: string, version: string): string {
  const start = `\n${text}`.indexOf(`\nPackage: ${name}\n`);
  if (start < 0) return text;
  const end = text.indexOf('\n\n', start);
  const stanza = text
    .slice(start, end)
    .replace(/\nVersion: .*/, `\nVersion: ${version}`)
    .replace(/\nSHA256: .*/, `\nSHA256: ${sha256(name + version)}`);
  return text.slice(0, start) + stanza + text.slice(end);
}
