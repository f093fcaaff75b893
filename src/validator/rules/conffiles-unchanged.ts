import { z } from 'zod';
import { fitsAny } from '../glob.ts';
import { readOwners } from '../read/owners.ts';
import { answer, defineRule, notApplicable, type Observation } from '../rule.ts';
import { isSpecFile } from '../spec-files.ts';

/** A package's configuration in /etc is as shipped, unless the spec lays its own over it (Debian Policy §10.7). */
export const conffilesUnchanged = defineRule({
  id: 'conffiles-unchanged',
  title: 'configuration that packages ship is changed by the spec only',
  reference: 'Debian Policy §10.7',
  remedy: 'state the file under application.files in the spec',
  parameters: z.strictObject({
    allow: z.array(z.string()).default([]).describe('glob patterns of files that configuring may change'),
  }),
  check(context, { allow }) {
    const { tree, lock, contents } = context;
    if (!contents) return notApplicable('the packages’ contents are not at hand');
    const findings: Observation[] = [];
    for (const [path, names] of readOwners(lock, contents)) {
      const baked = path.startsWith('/etc/') ? tree.lookup(path) : undefined;
      if (baked?.type !== 'file' || isSpecFile(context, path) || fitsAny(path, allow)) continue;
      const originals = names
        .flatMap((name) => contents.get(name) ?? [])
        .filter((it) => it.lookup(path)?.type === 'file');
      if (originals.length === 0 || originals.some((it) => it.read(path).equals(tree.read(path)))) continue;
      findings.push({
        message: `${path} is not as package ${names[0]} ships it, and the spec does not change it`,
        file: path,
        package: names[0]!,
        seen: `${baked.size} bytes`,
        wanted: `${originals[0]!.lookup(path)!.size} bytes`,
      });
    }
    return answer(findings);
  },
});
