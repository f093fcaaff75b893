import type { ElfFacts } from '../../formats/elf/elf.ts';
import { defaultLibraryDirectories, parseLoaderConfiguration } from '../../formats/elf/loader-configuration.ts';
import { directoryOf, globExpression, joinPath } from './path.ts';
import type { Context, Rule } from './rule.ts';
import type { View } from './view.ts';

/** Shared libraries of DT_NEEDED, found as ld.so(8) does: RPATH, RUNPATH, ld.so.conf, then its own folders. */
export const elfLibraries: Rule = {
  id: 'elf-libraries',
  explanation: 'a program or library cannot be loaded without the libraries it is linked with',
  roles: ['run', 'load'],
  loads: true,
  *inspect({ path, context }, view) {
    const facts = view.elf(path);
    if (!facts) return;
    const handed = handedDown(facts, path, context);
    const folders = [...handed, ...facts.runpath.map((folder) => expand(folder, path)), ...systemFolders(view, facts)];
    for (const soname of facts.needed) {
      yield {
        rule: this.id,
        by: path,
        needs: soname,
        required: true,
        paths: placesOf(soname, path, folders, facts, view),
        role: 'load',
        context: handed.length > 0 ? { rpath: handed } : {},
        bring: true,
      };
    }
  },
};

/** DT_RPATH counts for what a file loads in turn, too, and not at all where DT_RUNPATH stands. */
function handedDown(facts: ElfFacts, path: string, context: Context): string[] {
  const own = facts.runpath.length > 0 ? [] : facts.rpath.map((folder) => expand(folder, path));
  return [...new Set([...own, ...(context.rpath ?? [])])];
}

function expand(folder: string, path: string): string {
  return joinPath(
    '/',
    folder.replace(/\$(?:\{ORIGIN\}|ORIGIN)/g, directoryOf(path)).replace(/\$(?:\{LIB\}|LIB\b)/g, 'lib'),
  );
}

function placesOf(soname: string, path: string, folders: readonly string[], facts: ElfFacts, view: View): string[] {
  if (soname.includes('/')) return [soname];
  const places = folders.map((folder) => joinPath(folder, soname)).filter((place) => fits(place, facts, view));
  // A library that the program itself loads by path before (libjvm.so) is in no folder that the loader searches.
  return places.length > 0
    ? places
    : view.named(soname).filter((place) => fits(place, facts, view) && isNear(place, path));
}

/** Whether the place has a library for the same machine; others are passed over by the loader. */
function fits(place: string, facts: ElfFacts, view: View): boolean {
  const library = view.elf(place);
  return library !== undefined && library.machine === facts.machine && library.bits === facts.bits;
}

/** Whether two files lie below one folder of an application, such as `/usr/lib/jvm/java-17`. */
function isNear(a: string, b: string): boolean {
  const [left, right] = [a.split('/'), b.split('/')];
  return [1, 2, 3, 4].every((depth) => left[depth] === right[depth]);
}

function systemFolders(view: View, facts: ElfFacts): string[] {
  return [
    ...configuredFolders(view, '/etc/ld.so.conf', 0),
    ...configuredFolders(view, '/etc/ld.so.conf.d/*.conf', 0),
    ...defaultLibraryDirectories(facts.machine, facts.bits),
  ];
}

function configuredFolders(view: View, pattern: string, depth: number): string[] {
  if (depth > 4) return [];
  const expression = globExpression(pattern);
  const files = view
    .list(directoryOf(pattern))
    .map((name) => joinPath(directoryOf(pattern), name))
    .filter((it) => expression.test(it));
  return files.flatMap((file) => {
    const { directories, includes } = parseLoaderConfiguration(view.text(file) ?? '');
    return [
      ...directories,
      ...includes.flatMap((it) => configuredFolders(view, joinPath(directoryOf(file), it), depth + 1)),
    ];
  });
}
