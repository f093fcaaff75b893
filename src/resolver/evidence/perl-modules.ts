import { perlImports } from '../../formats/language/perl-imports.ts';
import { directoryOf, joinPath } from './path.ts';
import type { Demand, Rule } from './rule.ts';
import { scriptCommandDemands, sourceOf } from './script-text.ts';
import type { View } from './view.ts';

/** Modules that a perl script or module uses or requires, and the programs that it starts. */
export const perlModules: Rule = {
  id: 'perl-modules',
  explanation: 'a perl source loads this module or runs this program',
  roles: ['run', 'perl'],
  *inspect(subject, view) {
    const text = sourceOf('perl', subject, view);
    if (text === undefined) return;
    const { path, role, context } = subject;
    const { modules, files, folders, commands } = perlImports(text);
    const given = folders.map((it) => (it.startsWith('.') ? joinPath(directoryOf(path), it) : it));
    const modulePath = [...new Set([...given, ...(context.modulePath ?? [])])];
    const search = [...modulePath, ...searchFolders(view)];
    const isLibrary = CORE.test(path);
    const demand = { rule: this.id, by: path, role: 'perl', bring: true, context: { modulePath } } as const;
    const isPackaged = role === 'perl' && view.trace(path)?.entry.package !== undefined;
    for (const { name, line, guarded, deferred } of modules) {
      const file = `${name.replaceAll('::', '/')}.pm`;
      const paths = search.map((folder) => joinPath(folder, file));
      // Packages name what they can do without; an application's own code names what it is made for.
      const required = !guarded && !isLibrary && !(isPackaged && deferred);
      yield { ...demand, needs: name, line, paths, required, quiet: isLibrary || (isPackaged && !required) };
      yield* compiledPart(name, { ...demand, line, needs: name }, search);
    }
    for (const { path: file, line } of files) {
      const paths = file.startsWith('/')
        ? [file]
        : [joinPath(directoryOf(path), file), ...search.map((it) => joinPath(it, file))];
      yield { ...demand, needs: file, line, paths, required: false, quiet: isLibrary };
    }
    yield* scriptCommandDemands(commands, { rule: this.id, by: path, isLibrary }, context, view);
  },
};

/** perl's own library, by Debian's folders. */
const CORE = /^\/usr\/(share\/perl\/|lib\/[^/]+\/perl(-base)?\/)/;

/** `auto/Foo/Bar/Bar.so` of a module that is partly compiled. */
function* compiledPart(
  name: string,
  demand: Omit<Demand, 'paths' | 'required'>,
  search: readonly string[],
): Iterable<Demand> {
  const parts = name.split('::');
  const file = `auto/${parts.join('/')}/${parts.at(-1)}.so`;
  const paths = search.map((folder) => joinPath(folder, file));
  yield { ...demand, paths, role: 'load', context: {}, required: false, quiet: true };
}

/** Debian's @INC, made from the folders that are there (perl(1); Debian Perl Policy §2.2). */
function searchFolders(view: View): string[] {
  const versions = (folder: string) =>
    view
      .list(folder)
      .filter((name) => /^5\.[\d.]+$/.test(name))
      .map((name) => `${folder}/${name}`);
  const triplets = view
    .list('/usr/lib')
    .filter((name) => name.includes('-linux-'))
    .map((name) => `/usr/lib/${name}`);
  return [
    '/etc/perl',
    ...versions('/usr/local/share/perl'),
    ...triplets.flatMap((folder) => versions(`${folder}/perl5`)),
    '/usr/share/perl5',
    ...triplets.map((folder) => `${folder}/perl-base`),
    ...triplets.flatMap((folder) => versions(`${folder}/perl`)),
    ...versions('/usr/share/perl'),
    '/usr/local/lib/site_perl',
  ];
}
