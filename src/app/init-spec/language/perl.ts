import { type Draft, type DraftContext, nameFrom } from '../draft/draft.ts';
import { portsIn } from '../draft/ports-in.ts';
import type { Project } from '../draft/project.ts';
import { answersOn, listeningEnvironment } from '../draft/web-server.ts';

const INTO = '/opt/app';
const SERVED_ON = 5000;
const MOJO = 3000;

/** Whether a folder looks like a perl application. */
export function isPerl(project: Project): boolean {
  return entryOf(project) !== undefined;
}

/** A perl application: served by starman where it has a .psgi, else its script. What it uses is found when it is resolved. */
export function draftOfPerl(_: DraftContext, folder: string, project: Project): Draft {
  const entry = entryOf(project)!;
  const isPsgi = entry.endsWith('.psgi');
  const text = project.text(entry) ?? '';
  const own = project.files.filter((it) => /\.(p[lm]|psgi|t)$/.test(it));
  const heard = portsIn([text, ...own.map((it) => project.text(it) ?? '')]);
  // Without a command of its own such a script only tells how it is called.
  const asksCommand = /\bMojolicious\b/.test(text) && !/->start\(\s*["']|start_app\([^)]*["']daemon/.test(text);
  const answer = isPsgi
    ? { ports: [SERVED_ON], http: true, ...(heard.path === undefined ? {} : { path: heard.path }), notes: [] }
    : answersOn(asksCommand ? MOJO : heard.port, heard);
  return {
    name: nameFrom(folder),
    description: isPsgi ? 'a perl web application, served by starman' : 'a perl application',
    packages: isPsgi ? ['starman'] : [],
    from: { path: folder, into: INTO },
    run: {
      command: isPsgi
        ? ['/usr/bin/starman', '--listen', `:${SERVED_ON}`, `${INTO}/${entry}`]
        : ['/usr/bin/perl', `${INTO}/${entry}`, ...(asksCommand ? ['daemon', '--listen', `http://*:${MOJO}`] : [])],
      workingDirectory: INTO,
      user: 'www-data',
      environment: {
        ...(project.has('lib') ? { PERL5LIB: `${INTO}/lib` } : {}),
        ...listeningEnvironment(heard, answer.ports[0]),
      },
    },
    ...answer,
  };
}

function entryOf({ files }: Project): string | undefined {
  const shallow = files.filter((it) => it.split('/').length <= 2);
  const psgi = shallow.find((it) => it.endsWith('.psgi'));
  const scripts = shallow.filter((it) => /^((bin|script)\/)?[^/]+\.pl$/.test(it));
  return (
    psgi ??
    scripts.find((it) => /(^|\/)(app|server|main)\.pl$/.test(it)) ??
    (scripts.length === 1 ? scripts[0] : undefined)
  );
}
