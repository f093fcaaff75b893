import { builtinModules } from 'node:module';
import { nodeImports } from '../../formats/language/node-imports.ts';
import { directoryOf, joinPath } from './path.ts';
import type { Rule } from './rule.ts';
import { scriptCommandDemands, sourceOf } from './script-text.ts';
import type { View } from './view.ts';

const BUILT_IN = new Set(builtinModules);
const EXTENSIONS = ['', '.js', '.cjs', '.mjs', '.json', '.node'];

/** Modules that a JavaScript source requires or imports, and the programs that it starts. */
export const nodeModules: Rule = {
  id: 'node-modules',
  explanation: 'a JavaScript source loads this module or runs this program',
  roles: ['run', 'node'],
  *inspect(subject, view) {
    const source = sourceOf('node', subject, view);
    if (source === undefined || subject.path.endsWith('.json')) return;
    const { path, context } = subject;
    const { imports, commands } = nodeImports(source);
    for (const { specifier, line, guarded } of imports) {
      if (specifier.startsWith('node:') || BUILT_IN.has(specifier)) continue;
      const places = placesOf(specifier, path, view);
      const role = places[0]?.endsWith('.node') ? 'load' : 'node';
      const paths = places.length > 0 ? places : [joinPath(directoryOf(path), specifier)];
      const required = !guarded && !isOptional(specifier, path, view);
      // What a dependency can do without it names for itself; what the application tries is worth a line.
      const quiet = !required && path.includes('/node_modules/');
      yield { rule: this.id, by: path, needs: specifier, line, required, quiet, bring: true, paths, role };
    }
    yield* scriptCommandDemands(commands, { rule: this.id, by: path, isLibrary: false }, context, view);
  },
};

/** Whether a dependency loads what it does not state as one of its own: it can do without (npm: package.json, 'dependencies'). */
function isOptional(specifier: string, by: string, view: View): boolean {
  const folder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(by)?.[0];
  const name = /^(?:@[^/]+\/)?[^./@][^/]*/.exec(specifier)?.[0];
  if (folder === undefined || name === undefined) return false;
  try {
    const { dependencies } = JSON.parse(view.text(`${folder}/package.json`) ?? '{}') as { dependencies?: object };
    return !Object.hasOwn(dependencies ?? {}, name);
  } catch {
    return false;
  }
}

/** Files that a specifier leads to (Node: 'All together' of CommonJS modules), with Debian's folders of modules. */
function placesOf(specifier: string, by: string, view: View): string[] {
  if (/^\.{0,2}\//.test(specifier) || specifier === '.' || specifier === '..')
    return fileOrFolder(joinPath(directoryOf(by), specifier), view);
  const folders: string[] = [];
  for (let folder = directoryOf(by); folder !== '/'; folder = directoryOf(folder))
    folders.push(`${folder}/node_modules`);
  const triplets = view
    .list('/usr/lib')
    .filter((name) => name.includes('-linux-'))
    .map((name) => `/usr/lib/${name}/nodejs`);
  for (const folder of [
    ...folders,
    '/usr/local/lib/node_modules',
    '/usr/lib/nodejs',
    ...triplets,
    '/usr/share/nodejs',
  ]) {
    const found = fileOrFolder(`${folder}/${specifier}`, view);
    if (found.length > 0) return found;
  }
  return [];
}

function fileOrFolder(stem: string, view: View): string[] {
  const file = EXTENSIONS.map((extension) => stem + extension).find((path) => view.trace(path)?.entry.type === 'file');
  if (file) return [file];
  if (view.trace(stem)?.entry.type !== 'directory') return [];
  const main = mainOf(view.text(`${stem}/package.json`));
  for (const path of [...(main ? [joinPath(stem, main)] : []), `${stem}/index`]) {
    const found = [...EXTENSIONS.map((it) => path + it), `${path}/index.js`].find(
      (it) => view.trace(it)?.entry.type === 'file',
    );
    if (found) return [found];
  }
  return [];
}

/** The file that a package.json names as the package's own, by `exports` or `main`. */
function mainOf(text: string | undefined): string | undefined {
  try {
    const { main, exports } = JSON.parse(text ?? '{}') as { main?: unknown; exports?: unknown };
    const exported = firstText(exports, 0);
    return exported ?? (typeof main === 'string' ? main : undefined);
  } catch {
    return undefined;
  }
}

function firstText(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || depth > 4) return undefined;
  const choices = value as Record<string, unknown>;
  for (const key of ['.', 'node', 'require', 'import', 'default']) {
    const found = firstText(choices[key], depth + 1);
    if (found) return found;
  }
  return undefined;
}
