import { baseName, directoryOf, joinPath } from './path.ts';
import type { Demand, Rule } from './rule.ts';
import type { View } from './view.ts';

const LOADS = new Set(['dlopen', 'dlmopen', 'g_module_open']);
/** Folders whose files other rules choose from by name, or that belong to no one program. */
const CHOSEN_ELSEWHERE =
  /^\/usr\/(lib|lib\/[^/]+-linux-gnu[^/]*|local\/lib|lib\/[^/]+-linux-gnu[^/]*\/(security|gconv|audit)|bin|sbin|share)$/;

/** What a file that imports dlopen may load: libraries that its data names, and all of a plugin folder that it names. */
export const elfPlugins: Rule = {
  id: 'elf-plugins',
  explanation: 'a file that loads libraries while running names this one, or the folder it lies in',
  roles: ['run', 'load'],
  likely: true,
  *inspect({ path }, view) {
    const facts = view.elf(path);
    if (!facts?.imports.some(({ name }) => LOADS.has(name))) return;
    const demand = { rule: this.id, by: path, required: false, role: 'load', bring: false, quiet: true } as const;
    for (const text of view.elfTexts(path)) {
      for (const place of placesNamed(text, path, view))
        yield { ...demand, needs: text, paths: [place] } satisfies Demand;
    }
    for (const place of [...ownPlugins(path, view), ...privateLibraries(path, view)])
      yield { ...demand, needs: place, paths: [place] };
  },
};

function placesNamed(text: string, path: string, view: View): string[] {
  if (/\s/.test(text)) return [];
  if (/^[\w.+-]+\.so(\.\d+)*$/.test(text))
    return view.named(text).filter((it) => isSearched(it) || directoryOf(it) === directoryOf(path));
  if (!text.startsWith('/')) return [];
  const place = joinPath('/', text);
  const entry = view.trace(place)?.entry;
  if (entry?.type === 'file') return /\.so(\.[\d.]+)?$/.test(text) ? [place] : [];
  return entry?.type === 'directory' && !CHOSEN_ELSEWHERE.test(entry.path) ? librariesIn(place, view) : [];
}

/** `/usr/lib/<triplet>/<program>/*.so` and `/usr/lib/<program>/…`: the places that packages use for a program's plugins. */
function ownPlugins(path: string, view: View): string[] {
  const name = baseName(path).replace(/\.so(\.[\d.]*)?$/, '');
  const folders = [
    '/usr/lib',
    ...view
      .list('/usr/lib')
      .filter((it) => it.includes('-linux-'))
      .map((it) => `/usr/lib/${it}`),
  ];
  return folders.flatMap((folder) => {
    const own = `${folder}/${name}`;
    const below = view.trace(own)?.entry.type === 'directory' ? view.list(own).map((it) => `${own}/${it}`) : [];
    return [own, ...below].flatMap((it) => librariesIn(it, view));
  });
}

/** Libraries beside one that lies in an application's own folder, and one level below: it puts their names together (a JVM). */
function privateLibraries(path: string, view: View): string[] {
  const folder = directoryOf(path);
  if (!/^\/usr\/lib\/(?![^/]+-linux-gnu)[^/]+\/.*\/lib$/.test(folder)) return [];
  return [folder, ...view.list(folder).map((name) => `${folder}/${name}`)].flatMap((it) => librariesIn(it, view));
}

function librariesIn(folder: string, view: View): string[] {
  if (view.trace(folder)?.entry.type !== 'directory') return [];
  return view
    .list(folder)
    .filter((name) => /\.so(\.[\d.]+)?$/.test(name))
    .map((name) => joinPath(folder, name));
}

function isSearched(path: string): boolean {
  return /^\/usr\/lib(\/[^/]+-linux-gnu[^/]*)?$/.test(directoryOf(path));
}
