import { pythonImports } from '../../../formats/language/python-imports.ts';
import type { Project } from '../draft/project.ts';

/** A WSGI or ASGI application, as a server names it: `app:app`, `shop:create_app()`. */
export interface WebApplication {
  readonly name: string;
  readonly asgi: boolean;
  /** Folder from which its modules are imported, relative to the project. */
  readonly root: string;
}

const MADE =
  /^(\w+)\s*(?::[^=\n]+)?=\s*(?:\w+\.)?(Flask|Bottle|Falcon|App|API|FastAPI|Starlette|Litestar|Quart|Sanic|get_wsgi_application|get_asgi_application|default_app)\(/m;
const FACTORY = /^(?:async\s+)?def\s+((?:create|make|build|get)_(?:\w+_)?app(?:lication)?)\(([^()]*)\)/m;
const FRAMEWORKS = new Set([
  'flask',
  'bottle',
  'falcon',
  'django',
  'pyramid',
  'fastapi',
  'starlette',
  'quart',
  'litestar',
  'connexion',
  'dash',
]);
const ASGI = /FastAPI|Starlette|Litestar|Quart|asgi|\bfastapi\b|\bstarlette\b|\bquart\b/;
/** They run a loop of their own: nothing else can serve them. */
const SERVES_ITSELF =
  /\bweb\.run_app\(|\bIOLoop\.(current|instance)\(|\bHTTPServer\(|\bsocketio\.run\(|\buvicorn\.run\(|\bserve\(\w+/;

/** The application that a server would be told to load; undefined where the folder's scripts serve by themselves or nothing is seen. */
export function webApplication(project: Project): WebApplication | undefined {
  const files = project.files.filter((it) => it.endsWith('.py'));
  const django = files.find((it) => /(^|\/)manage\.py$/.test(it));
  if (django !== undefined) return djangoApplication(project, files, folderOf(django));
  const named = ['wsgi.py', 'asgi.py'].flatMap((name) => files.filter((it) => it === name || it.endsWith(`/${name}`)));
  return (
    firstOf(named, (it) => madeIn(project, it) ?? assignedIn(project, it)) ??
    firstOf(files, (it) => madeIn(project, it)) ??
    firstOf(files, (it) => factoryIn(project, it))
  );
}

function firstOf<T>(files: readonly string[], find: (file: string) => T | undefined): T | undefined {
  for (const file of files) {
    const found = find(file);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** WSGI unless the project's requirements name a server for ASGI: every Django answers both. */
function djangoApplication(project: Project, files: readonly string[], root: string): WebApplication | undefined {
  const requirements = `${project.text('requirements.txt') ?? ''}\n${project.text('pyproject.toml') ?? ''}`;
  const asgi = /^\s*"?(daphne|uvicorn|hypercorn|channels)\b/im.test(requirements);
  const order = asgi ? ['asgi', 'wsgi'] : ['wsgi', 'asgi'];
  const file = order.map((it) => files.find((path) => path.endsWith(`/${it}.py`))).find((it) => it !== undefined);
  if (file === undefined) return undefined;
  return { name: `${moduleOf(file, root)}:application`, asgi: file.endsWith('/asgi.py'), root };
}

function madeIn(project: Project, file: string): WebApplication | undefined {
  const text = project.text(file) ?? '';
  const made = MADE.exec(text);
  if (!made || SERVES_ITSELF.test(text)) return undefined;
  return applicationOf(project, file, made[1]!, ASGI.test(made[2]!));
}

/** `app = create_app()` or `from shop import app as application` in a module that is there for servers. */
function assignedIn(project: Project, file: string): WebApplication | undefined {
  const text = project.text(file) ?? '';
  const name = ['application', 'app', 'server', 'api'].find((it) =>
    new RegExp(String.raw`^${it}\s*(?::[^=\n]+)?=[^=]|^from\s+\S+\s+import\s+[^#\n]*\b${it}\b`, 'm').test(text),
  );
  return name === undefined
    ? undefined
    : applicationOf(project, file, name, file.endsWith('asgi.py') || ASGI.test(text));
}

function factoryIn(project: Project, file: string): WebApplication | undefined {
  const text = project.text(file) ?? '';
  const [, factory, parameters = ''] = FACTORY.exec(text) ?? [];
  const needsNothing = parameters.split(',').every((it) => it.trim() === '' || /[=*]/.test(it));
  const isWeb = pythonImports(text).imports.some((it) => FRAMEWORKS.has(it.module.split('.')[0]!));
  if (factory === undefined || !needsNothing || !isWeb || SERVES_ITSELF.test(text)) return undefined;
  return applicationOf(project, file, `${factory}()`, ASGI.test(text));
}

function applicationOf(project: Project, file: string, name: string, asgi: boolean): WebApplication {
  const root = sourceRoot(project, file);
  return { name: `${moduleOf(file, root)}:${name}`, asgi, root };
}

/** Folder from which a file is imported: its own where it is no package and the file imports what lies beside it, `src`, else the project. */
export function sourceRoot(project: Project, file: string): string {
  const folder = folderOf(file);
  if (folder !== '' && !project.has(`${folder}/__init__.py`) && importsBeside(project, file, folder)) return folder;
  return file.startsWith('src/') && !project.has('src/__init__.py') ? 'src' : '';
}

function importsBeside(project: Project, file: string, folder: string): boolean {
  return pythonImports(project.text(file) ?? '').imports.some(({ module, level }) => {
    const [name = ''] = module.split('.');
    const isThere = (at: string) => project.has(`${at}${name}.py`) || project.has(`${at}${name}/__init__.py`);
    return level === 0 && name !== '' && isThere(`${folder}/`) && !isThere('');
  });
}

/** Dotted name of a file below its root. */
export function moduleOf(file: string, root: string): string {
  const inside = root === '' ? file : file.slice(root.length + 1);
  return inside.replace(/(\/__init__|\/__main__)?\.py$/, '').replaceAll('/', '.');
}

function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.lastIndexOf('/')) : '';
}
