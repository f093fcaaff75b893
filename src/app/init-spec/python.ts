import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pythonImports } from '../../formats/python-imports.ts';
import { type Draft, type DraftContext, nameFrom } from './draft.ts';

const INTO = '/opt/app';
const SKIPPED = new Set(['node_modules', '__pycache__', 'venv', 'env', 'site-packages', 'tests', 'test']);

interface Source {
  /** Relative to the folder. */
  readonly file: string;
  readonly text: string;
}

/** Whether a folder looks like a Python application. */
export function isPython(folder: string): boolean {
  const marks = ['requirements.txt', 'pyproject.toml', 'setup.py', 'manage.py'];
  return marks.some((it) => existsSync(join(folder, it))) || readdirSync(folder).some((it) => it.endsWith('.py'));
}

/** A Python application: its imports as python3-* packages where the archive has them, served by gunicorn where it is a web one. */
export function draftOfPython({ archive }: DraftContext, folder: string): Draft {
  const sources = [...pythonSources(folder)];
  const modules = foreignModules(sources);
  const named = modules.map((module) => ({ module, package: `python3-${module.toLowerCase().replaceAll('_', '-')}` }));
  const found = named.filter((it) => archive.universe.candidate(it.package));
  const unknown = named.filter((it) => !found.includes(it)).map((it) => it.module);
  const web = webApplication(sources);
  const main =
    ['main.py', 'app.py', '__main__.py'].find((it) => sources.some(({ file }) => file === it)) ?? sources[0]?.file;
  const server = web?.asgi ? 'uvicorn' : 'gunicorn';
  const packages = ['python3', ...found.map((it) => it.package), ...(web ? [server] : [])];
  const command = web
    ? [
        `/usr/bin/${server}`,
        ...(web.asgi ? ['--host', '0.0.0.0', '--port', '8000'] : ['--bind', '0.0.0.0:8000']),
        web.name,
      ]
    : ['/usr/bin/python3', `${INTO}/${main ?? 'main.py'}`];
  return {
    name: nameFrom(folder),
    description: web ? `a Python web application, served by ${server}` : 'a Python application',
    packages: [...new Set(packages)].sort(),
    from: { path: folder, into: INTO },
    run: { command, workingDirectory: INTO, user: 'www-data' },
    ports: web ? [8000] : [],
    http: web !== undefined,
    notes:
      unknown.length > 0 ? [`No python3-* package was found for ${unknown.join(', ')}: put them into the folder.`] : [],
  };
}

function* pythonSources(folder: string, root = folder): Generator<Source> {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !entry.name.startsWith('.') && !SKIPPED.has(entry.name))
      yield* pythonSources(path, root);
    if (entry.isFile() && entry.name.endsWith('.py')) {
      yield { file: relative(root, path), text: readFileSync(path, 'utf8') };
    }
  }
}

/** First names of imported modules that are neither the folder's own nor Python's. */
function foreignModules(sources: readonly Source[]): string[] {
  const own = new Set(sources.flatMap(({ file }) => file.replace(/\.py$/, '').split('/')));
  const imported = sources
    .flatMap(({ text }) => pythonImports(text).imports)
    .filter((it) => it.level === 0)
    .map((it) => it.module.split('.')[0]!);
  return [...new Set(imported)].filter((it) => it !== '' && !own.has(it) && !STANDARD.has(it)).sort();
}

/** A module-level WSGI or ASGI application, as a server names it: `app:app`. */
function webApplication(sources: readonly Source[]): { name: string; asgi: boolean } | undefined {
  for (const { file, text } of sources) {
    const module = file.replace(/(\/__init__)?\.py$/, '').replaceAll('/', '.');
    const made =
      /^(\w+)\s*(?::[^=\n]+)?=\s*(?:\w+\.)?(Flask|Bottle|Falcon|App|FastAPI|Starlette|Quart|get_wsgi_application|get_asgi_application)\(/m.exec(
        text,
      );
    if (made) return { name: `${module}:${made[1]}`, asgi: /FastAPI|Starlette|Quart|asgi/.test(made[2]!) };
  }
  return undefined;
}

/** Modules of CPython 3.11's standard library that applications import (Python Library Reference). */
const STANDARD = new Set(
  `__future__ _thread abc aifc argparse array ast asyncio atexit base64 bdb binascii bisect builtins bz2 calendar cgi cgitb chunk
  cmath cmd code codecs codeop collections colorsys compileall concurrent configparser contextlib contextvars copy copyreg crypt csv
  ctypes curses dataclasses datetime dbm decimal difflib dis doctest email encodings ensurepip enum errno faulthandler fcntl filecmp
  fileinput fnmatch fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html
  http imaplib imghdr imp importlib inspect io ipaddress itertools json keyword lib2to3 linecache locale logging lzma mailbox mailcap
  marshal math mimetypes mmap modulefinder multiprocessing netrc nis nntplib numbers opcode operator optparse os ossaudiodev pathlib
  pdb pickle pickletools pipes pkgutil platform plistlib poplib posix posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc
  queue quopri random re readline reprlib resource rlcompleter runpy sched secrets select selectors shelve shlex shutil signal site
  smtpd smtplib sndhdr socket socketserver spwd sqlite3 sre_compile ssl stat statistics string stringprep struct subprocess sunau
  symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios textwrap this threading time timeit tkinter token tokenize
  tomllib trace traceback tracemalloc tty turtle types typing unicodedata unittest urllib uu uuid venv warnings wave weakref
  webbrowser wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo`
    .split(/\s+/)
    .filter((it) => it !== ''),
);
