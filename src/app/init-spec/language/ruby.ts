import type { Universe } from '../../../resolver/universe/universe.ts';
import { type Draft, type DraftContext, nameFrom } from '../draft/draft.ts';
import { portsIn } from '../draft/ports-in.ts';
import type { Project } from '../draft/project.ts';
import { answersOn, listeningEnvironment, portOf } from '../draft/web-server.ts';

const INTO = '/opt/app';
const SERVED_ON = 9292;
const SINATRA = 4567;
const ENTRIES = ['app.rb', 'server.rb', 'main.rb', 'run.rb'];

/** Whether a folder looks like a Ruby application. */
export function isRuby(project: Project): boolean {
  return project.has('config.ru') || project.has('Gemfile') || entryOf(project) !== undefined;
}

/** A Ruby application: served by puma where it has a config.ru, else the script. What it requires is found when it is resolved. */
export function draftOfRuby({ archive }: DraftContext, folder: string, project: Project): Draft {
  const isRack = project.has('config.ru');
  const entry = entryOf(project);
  const own = project.files.filter((it) => /\.r[bu]$/.test(it));
  const texts = [entry, ...own].flatMap((it) => (it === undefined ? [] : (project.text(it) ?? [])));
  const heard = portsIn(texts);
  const usual = texts.some((it) => /require\s*\(?["']sinatra["']/.test(it)) ? SINATRA : undefined;
  const answer = isRack
    ? { ports: [SERVED_ON], http: true, ...(heard.path === undefined ? {} : { path: heard.path }), notes: [] }
    : answersOn(heard.port ?? usual ?? portOf(heard), { ...heard, local: heard.local || bindsLocally(texts) });
  const command = isRack
    ? ['/usr/bin/puma', '--bind', `tcp://0.0.0.0:${SERVED_ON}`, `${INTO}/config.ru`]
    : ['/usr/bin/ruby', `${INTO}/${entry ?? 'app.rb'}`];
  const gems = gemsIn(project, archive.universe);
  return {
    name: nameFrom(folder),
    description: isRack ? 'a Ruby web application, served by puma' : 'a Ruby application',
    packages: [...new Set(['ruby', ...(isRack ? ['puma'] : []), ...gems.packages])].sort(),
    from: { path: folder, into: INTO },
    run: {
      command,
      workingDirectory: INTO,
      user: 'www-data',
      environment: {
        ...listeningEnvironment(heard, answer.ports[0]),
        ...(usual === undefined && !isRack ? {} : { APP_ENV: 'production', RACK_ENV: 'production' }),
        ...gemFolder(project),
      },
    },
    ...answer,
    notes: [...gems.notes, ...answer.notes],
  };
}

function entryOf({ files }: Project): string | undefined {
  const scripts = files.filter((it) => /^[^/]+\.rb$/.test(it));
  return ENTRIES.find((it) => scripts.includes(it)) ?? (scripts.length === 1 ? scripts[0] : undefined);
}

/** Sinatra answers the machine itself only unless it is told where, or runs in production. */
function bindsLocally(texts: readonly string[]): boolean {
  return texts.some((it) => /set\s*\(?\s*:bind\s*,\s*["'](localhost|127\.)/.test(it));
}

/** Gems that bundler put into the folder are found there. */
function gemFolder(project: Project): Record<string, string> {
  const [version] = project.list('vendor/bundle/ruby');
  return version === undefined ? {} : { GEM_PATH: `${INTO}/vendor/bundle/ruby/${version}` };
}

function gemsIn(project: Project, universe: Universe): { packages: string[]; notes: string[] } {
  const text = (project.text('Gemfile') ?? '').replace(
    /^\s*group\s+(?:.*:(?:test|development).*)do[\s\S]*?^\s*end/gm,
    '',
  );
  const gems = [...text.matchAll(/^\s*gem\s*\(?\s*["']([\w-]+)["']/gm)].map((it) => it[1]!);
  const vendored = new Set(
    project
      .list('vendor/bundle/ruby')
      .flatMap((it) => project.list(`vendor/bundle/ruby/${it}/gems`).map((gem) => gem.replace(/-\d[^-]*$/, ''))),
  );
  const named = gems
    .filter((it) => !vendored.has(it))
    .map((gem) => ({ gem, package: packageOf(gem, (name) => universe.candidate(name) !== undefined) }));
  const unknown = named.filter((it) => it.package === undefined).map((it) => it.gem);
  const isBundled = project.files.some((it) => /Bundler\.|bundler\/setup/.test(project.text(it) ?? ''));
  return {
    packages: named.flatMap((it) => it.package ?? []),
    notes: [
      ...(unknown.length > 0
        ? [
            `No ruby-* package was found for ${unknown.join(', ')}: \`bundle install --path vendor/bundle\` puts gems into the folder.`,
          ]
        : []),
      ...(isBundled && vendored.size === 0
        ? ['It loads its gems by Bundler, which takes the versions of Gemfile.lock only: see that they are Debian’s.']
        : []),
    ],
  };
}

function packageOf(gem: string, isThere: (name: string) => boolean): string | undefined {
  const stem = gem.toLowerCase().replaceAll('_', '-');
  return [`ruby-${stem}`, stem, `ruby-${stem.replace(/^ruby-|-ruby$/, '')}`].find(isThere);
}
