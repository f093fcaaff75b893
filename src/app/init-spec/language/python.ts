import { type Draft, type DraftContext, nameFrom } from '../draft/draft.ts';
import { portsIn } from '../draft/ports-in.ts';
import { type Project, readProject } from '../draft/project.ts';
import { type Answer, answersOn, listeningEnvironment, portOf } from '../draft/web-server.ts';
import { djangoPath, isDjango } from './django.ts';
import { pythonPackages } from './python-packages.ts';
import { moduleOf, sourceRoot, type WebApplication, webApplication } from './python-web.ts';
import { projectScripts } from './requirement.ts';

const INTO = '/opt/app';
const SERVED_ON = 8000;
const ENTRIES = ['main', 'app', '__main__', 'server', 'serve', 'run', 'service', 'bot', 'worker', 'cli'];
const MARKS = ['requirements.txt', 'pyproject.toml', 'setup.py', 'manage.py'];

/** A statement at the outermost level that is neither an import, a definition nor an assignment of a plain value. */
const DOES_SOMETHING = /^(?:if\s+__name__|[\w.]+\s*\(|(?:async\s+)?(?:for|with)\b|while\b|try:|await\b|raise\b)/m;

function onlyDefines(text: string): boolean {
  return /^(?:async\s+)?(?:def|class)\b/m.test(text) && !DOES_SOMETHING.test(text);
}

/** Whether a folder looks like a Python application. */
export function isPython(project: Project): boolean {
  const isMark = (file: string) => MARKS.includes(file.replace(/^[^/]+\//, ''));
  return project.files.some((it) => isMark(it) || /^[^/]+\.py$/.test(it));
}

/** A Python application: its imports and requirements as packages where the archive has them, served by gunicorn or uvicorn where it is a web one. */
export async function draftOfPython(
  context: DraftContext,
  folder: string,
  project: Project = readProject(folder),
): Promise<Draft> {
  const needs = await pythonPackages(context, project);
  const web = webApplication(project);
  const plain = web ? servedBy(project, web, needs.required) : startedAs(project);
  const { server } = plain;
  const environment = { ...pathOf(project, plain.root), ...plain.environment };
  return {
    name: nameFrom(folder),
    description: web ? `a Python web application, served by ${server}` : 'a Python application',
    packages: [
      ...new Set(['python3', ...needs.packages, ...(server && !isOwn(project, server) ? [server] : [])]),
    ].sort(),
    from: { path: folder, into: INTO },
    run: { command: plain.command, workingDirectory: below(plain.root), user: 'www-data', environment },
    ports: plain.ports,
    http: plain.http,
    ...(plain.path === undefined ? {} : { path: plain.path }),
    ...(plain.local ? { local: true } : {}),
    notes: [...needs.notes, ...compiledNotes(project), ...plain.notes],
  };
}

interface Started extends Answer {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Folder of its modules, relative to the project. */
  readonly root: string;
  readonly server?: string;
}

const below = (path: string): string => (path === '' || path === 'src' ? INTO : `${INTO}/${path}`);
const isOwn = (project: Project, module: string): boolean =>
  project.moduleFolders.some((it) => project.list(it).includes(module));

function servedBy(project: Project, { name, asgi, root }: WebApplication, required: ReadonlySet<string>): Started {
  const server = asgi ? (required.has('hypercorn') ? 'hypercorn' : 'uvicorn') : 'gunicorn';
  const bind =
    server === 'uvicorn' ? ['--host', '0.0.0.0', '--port', String(SERVED_ON)] : ['--bind', `0.0.0.0:${SERVED_ON}`];
  const program = isOwn(project, server) ? ['/usr/bin/python3', '-m', server] : [`/usr/bin/${server}`];
  return {
    command: [...program, ...bind, name],
    environment: {},
    root,
    server,
    ports: [SERVED_ON],
    ...routeOf(project),
    notes: [],
  };
}

/** What is asked of a web application; no path where it registers some and none is plain. */
function routeOf(project: Project): { http: boolean; path?: string } {
  const texts = project.files.filter((it) => it.endsWith('.py')).map((it) => project.text(it) ?? '');
  const heard = portsIn(texts);
  const path = isDjango(project) ? djangoPath(project) : heard.path;
  const isUnknown = heard.pathless || texts.some((it) => /^urlpatterns\b/m.test(it));
  return path === undefined ? { http: !isUnknown } : { http: true, path };
}

/** A program that pyproject.toml names, a module of a usual name, or the only one that is started as a script. */
function startedAs(project: Project): Started {
  const files = project.files.filter((it) => it.endsWith('.py'));
  const [script] = projectScripts(project.text('pyproject.toml') ?? '');
  const chosen = script ? undefined : entryOf(project, files);
  const file = script ? fileOf(files, script.calls) : chosen?.file;
  const root = file === undefined ? '' : sourceRoot(project, file);
  const own = [...(file === undefined ? [] : [file]), ...files].map((it) => project.text(it) ?? '');
  const heard = portsIn(own);
  const answer = answersOn(portOf(heard), heard);
  const environment = listeningEnvironment(heard, portOf(heard));
  const others = chosen?.others.length ? [`${chosen.others.join(', ')} could be what is to run, too.`] : [];
  const command = script ? callOf(script.calls) : commandOf(project, file ?? 'main.py', root);
  const idle =
    script || file === undefined || !onlyDefines(own[0]!) ? [] : [`${file} only defines things: say what is to run.`];
  return { command, environment, root, ...answer, notes: [...idle, ...answer.notes, ...others] };
}

function callOf(calls: string): string[] {
  const [module, name] = calls.split(':');
  return ['/usr/bin/python3', '-c', `import sys; from ${module} import ${name}; sys.exit(${name}())`];
}

function fileOf(files: readonly string[], calls: string): string | undefined {
  const stem = calls.split(':')[0]!.replaceAll('.', '/');
  return files.find((it) => it === `${stem}.py` || it.endsWith(`/${stem}.py`) || it.endsWith(`${stem}/__init__.py`));
}

// Modules of a package find each other only when it is started as one.
function commandOf(project: Project, file: string, root: string): string[] {
  const folder = file.slice(0, Math.max(0, file.lastIndexOf('/')));
  const isPackaged = project.has(`${folder}/__init__.py`);
  if (folder === '' || (!isPackaged && !file.endsWith('__main__.py'))) return ['/usr/bin/python3', `${INTO}/${file}`];
  return ['/usr/bin/python3', '-m', moduleOf(file, root)];
}

function entryOf(project: Project, files: readonly string[]): { file: string; others: string[] } | undefined {
  const isScript = (file: string) => /^if\s+__name__\s*==/m.test(project.text(file) ?? '');
  const rank = (file: string) => {
    const name = file.replace(/^.*\//, '').replace('.py', '');
    const at = ENTRIES.indexOf(name);
    return (isScript(file) ? 0 : 100) + file.split('/').length * 10 + (at < 0 ? ENTRIES.length : at) / 2;
  };
  const started = files.filter((it) => !/(^|\/)(setup|conftest|__init__)\.py$/.test(it));
  const [file, ...rest] = started.toSorted((a, b) => rank(a) - rank(b));
  if (file === undefined) return undefined;
  return { file, others: rest.filter((it) => isScript(it) && rank(it) - rank(file) < 3) };
}

function pathOf(project: Project, root: string): Record<string, string> {
  const folders = [...(root === 'src' ? ['src'] : []), ...project.moduleFolders.filter((it) => it !== '')];
  return folders.length > 0 ? { PYTHONPATH: folders.map((it) => `${INTO}/${it}`).join(':') } : {};
}

/** Compiled modules fit the version of Python that they were made for only. */
function compiledNotes(project: Project): string[] {
  const other = project.moduleFolders.map((it) => /python(3\.\d+)\//.exec(it)?.[1]).find((it) => it && it !== '3.11');
  if (other === undefined) return [];
  return [
    `Its packages were installed for Python ${other}, and Debian has 3.11: compiled ones work only if installed by \`pip install --target vendor --python-version 3.11 --only-binary=:all:\`.`,
  ];
}
