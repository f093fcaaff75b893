import { join } from 'node:path';
import { z } from 'zod';
import { KilnError } from '../../../model/error.ts';
import type { Project } from '../draft/project.ts';

const texts = z.record(z.string(), z.string()).optional().catch(undefined);
/** What of a package.json says how it is run; what is of another kind than it should be counts as absent (npm: package.json). */
const packageJson = z.looseObject({
  name: z.string().optional().catch(undefined),
  main: z.string().optional().catch(undefined),
  bin: z
    .union([z.string(), z.record(z.string(), z.string())])
    .optional()
    .catch(undefined),
  scripts: texts,
  dependencies: texts,
  devDependencies: texts,
  engines: texts,
});
export type PackageJson = z.infer<typeof packageJson>;

/** The package.json of a folder; empty where there is none. Throws SPEC_INVALID for one that is no JSON, or no map. */
export function readPackageJson(project: Project): PackageJson {
  const path = join(project.folder, 'package.json');
  const text = project.text('package.json');
  if (text === undefined) return {};
  const found = parsePackageJson(text);
  if (typeof found !== 'string') return found;
  throw new KilnError('SPEC_INVALID', `${path}: ${found}`, { hint: 'mend it, then draft again' });
}

/** A package.json, or what is wrong with it. */
function parsePackageJson(text: string): PackageJson | string {
  try {
    const { data } = packageJson.safeParse(JSON.parse(text));
    return data ?? 'it is no map';
  } catch (error) {
    return (error as Error).message;
  }
}

/** A package.json and those of its dependencies, all the way down, as far as they are installed. */
export function* dependenciesOf(project: Project, root: PackageJson): Generator<PackageJson> {
  yield root;
  const seen = new Set<string>();
  const queue = Object.keys(root.dependencies ?? {});
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const text = project.text(`node_modules/${name}/package.json`);
    if (text === undefined) continue;
    const described = parsePackageJson(text);
    if (typeof described === 'string') continue;
    yield described;
    queue.push(...Object.keys(described.dependencies ?? {}));
  }
}
