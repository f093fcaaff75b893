import { hash } from 'node:crypto';
import { z } from 'zod';
import type { FileEntry, FileTree } from '../../model/file-tree.ts';
import { fitsAny } from '../glob.ts';
import { type Owners, readOwners } from '../read/owners.ts';
import { answer, defineRule, notApplicable, type Observation, type RuleContext } from '../rule.ts';
import { isSpecFile } from '../spec-files.ts';

/** Files that packages ship are in the image byte for byte, and of a package taken in part only the files that the lock lists. */
export const lockMatch = defineRule({
  id: 'lock-match',
  title: 'each file that a locked package ships is byte for byte the one in its .deb',
  remedy: 'bake again from the lock; if the change is meant, state the file under application.files in the spec',
  parameters: z.strictObject({
    allow: z.array(z.string()).default([]).describe('glob patterns of files that configuring may change'),
  }),
  check(context, { allow }) {
    const { contents, lock } = context;
    if (!contents) return notApplicable('the packages’ contents are not at hand');
    const findings: Observation[] = lock.packages
      .filter(({ name }) => !contents.has(name))
      .map(({ name }) => ({
        message: `the contents of package ${name} are not at hand, so nothing of it can be compared`,
        package: name,
      }));
    const owners = readOwners(lock, contents);
    const digests = new Map(context.inventory.files.map(({ path, sha256 }) => [path, sha256]));
    for (const [path, names] of owners) {
      // Files in /etc are configuration: conffiles-unchanged judges them.
      if (path.startsWith('/etc/') || fitsAny(path, allow) || isSpecFile(context, path)) continue;
      const finding = findingAt(context, contents, digests, path, names);
      if (finding) findings.push(finding);
    }
    return answer([...findings, ...unlistedFiles(context, owners)]);
  },
});

function findingAt(
  { tree }: RuleContext,
  contents: ReadonlyMap<string, FileTree>,
  digests: ReadonlyMap<string, string>,
  path: string,
  names: readonly string[],
): Observation | undefined {
  const baked = tree.lookup(path);
  // Absent files were pruned by stated rules; what needs one that is gone is found by the rules of the pack `runs`.
  if (!baked || baked.path !== path || baked.type === 'directory') return undefined;
  const shipped = names.flatMap((name) => contents.get(name) ?? []).filter((it) => it.lookup(path)?.path === path);
  if (shipped.length === 0 || shipped.some((it) => isSame(baked, digests.get(path), it, it.lookup(path)!)))
    return undefined;
  const original = shipped[0]!.lookup(path)!;
  return {
    message: `${path} is not the file that package ${names[0]} ships`,
    file: path,
    package: names[0]!,
    seen: describe(baked),
    wanted: describe(original),
  };
}

function isSame(baked: FileEntry, digest: string | undefined, original: FileTree, shipped: FileEntry): boolean {
  if (baked.type !== shipped.type || baked.size !== shipped.size) return false;
  if (baked.type === 'symlink') return baked.target === shipped.target;
  return baked.type !== 'file' || digest === hash('sha256', original.read(shipped.path), 'hex');
}

function describe({ type, target, size }: FileEntry): string {
  if (type === 'symlink') return `link to ${target}`;
  return type === 'file' ? `file of ${size} bytes` : type;
}

/** Files of packages of which the lock takes only some, and not these. */
function unlistedFiles(context: RuleContext, owners: Owners): Observation[] {
  const { lock, inventory } = context;
  const listed = new Map(lock.packages.flatMap(({ name, files }) => (files ? [[name, new Set(files)] as const] : [])));
  return inventory.files.flatMap(({ path }) => {
    const names = owners.get(path) ?? [];
    const taken = names.some((name) => (listed.get(name)?.has(path) ?? true) || isCopyright(path, name));
    if (names.length === 0 || taken || isSpecFile(context, path)) return [];
    return [
      {
        message: `${path} of package ${names[0]} is in the image, and the lock does not take it`,
        file: path,
        package: names[0]!,
        seen: 'present',
        wanted: 'absent',
      },
    ];
  });
}

/** The licence goes wherever a file of the package goes. */
const isCopyright = (path: string, name: string): boolean => path === `/usr/share/doc/${name}/copyright`;
