import { rubyImports } from '../../formats/language/ruby-imports.ts';
import { directoryOf, joinPath } from './path.ts';
import type { Context, Rule } from './rule.ts';
import { scriptCommandDemands, sourceOf } from './script-text.ts';
import type { View } from './view.ts';

/** Features that Debian's interpreter has compiled in ($LOADED_FEATURES of `ruby --disable-gems`). */
const COMPILED = new Set('enumerator thread fiber rational complex ruby2_keywords continuation'.split(' '));
const ENDINGS = ['', '.rb', '.so'];

/**
 * Libraries that a Ruby source requires, and the programs that it starts. Of packages' own sources only those that run are read: what
 * they require, their relations say.
 */
export const rubyModules: Rule = {
  id: 'ruby-modules',
  explanation: 'a Ruby source requires this library or runs this program',
  roles: ['run', 'ruby'],
  *inspect(subject, view) {
    const text = sourceOf('ruby', subject, view);
    if (text === undefined) return;
    const { path, context } = subject;
    const isOwn = !view.trace(path)?.entry.package;
    const { imports, commands } = rubyImports(text);
    const search = isOwn ? [...ownFolders(path, context), ...searchFolders(view)] : searchFolders(view);
    for (const { name, line, relative, guarded } of imports) {
      if (COMPILED.has(name)) continue;
      const folders = relative ? [directoryOf(path)] : name.startsWith('/') ? ['/'] : search;
      const places = folders.flatMap((folder) => ENDINGS.map((it) => joinPath(folder, name + it)));
      const [found] = places.filter((it) => view.trace(it)?.entry.type === 'file');
      const isFollowed = found !== undefined && !view.trace(found)?.entry.package;
      yield {
        rule: this.id,
        by: path,
        needs: name,
        line,
        required: isOwn && !guarded,
        quiet: !isOwn,
        bring: isOwn,
        paths: found === undefined ? places.slice(0, 2) : [found],
        role: found?.endsWith('.so') ? 'load' : isFollowed ? 'ruby' : 'data',
        context: { modulePath: context.modulePath ?? [] },
      };
    }
    yield* scriptCommandDemands(commands, { rule: this.id, by: path, isLibrary: !isOwn }, context, view);
  },
};

/** Folders that an application puts on its load path by itself: its own, and `lib` beside it or above. */
function ownFolders(path: string, { modulePath = [], workingDirectory }: Context): string[] {
  const folder = directoryOf(path);
  const around = [folder, directoryOf(folder), ...(workingDirectory ? [workingDirectory] : [])];
  return [...modulePath, ...around.flatMap((it) => [it, joinPath(it, 'lib')])];
}

/** Debian's $LOAD_PATH, and the `lib` of each gem that is there, as RubyGems finds them by name. */
function searchFolders(view: View): string[] {
  const triplets = view.list('/usr/lib').filter((name) => name.includes('-linux-'));
  const versions = view.list('/usr/lib/ruby').filter((name) => /^\d+\.\d+\.\d+$/.test(name));
  const compiled = triplets.flatMap((it) => versions.map((version) => `/usr/lib/${it}/ruby/${version}`));
  const gems = [
    ...['all', ...versions].map((it) => `/usr/share/rubygems-integration/${it}`),
    ...triplets.flatMap((it) => versions.map((version) => `/usr/lib/${it}/rubygems-integration/${version}`)),
    ...versions.flatMap((it) => [`/usr/lib/ruby/gems/${it}`, `/var/lib/gems/${it}`]),
  ].flatMap((folder) => view.list(`${folder}/gems`).map((gem) => `${folder}/gems/${gem}/lib`));
  return [
    '/usr/lib/ruby/vendor_ruby',
    ...triplets.flatMap((it) => versions.map((version) => `/usr/lib/${it}/ruby/vendor_ruby/${version}`)),
    ...versions.map((it) => `/usr/lib/ruby/${it}`),
    ...compiled,
    ...gems,
  ];
}
