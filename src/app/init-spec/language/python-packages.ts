import { splitVersion } from '../../../formats/debian/version.ts';
import { pythonImports } from '../../../formats/language/python-imports.ts';
import type { Universe } from '../../../resolver/universe/universe.ts';
import type { DraftContext } from '../draft/draft.ts';
import type { Project } from '../draft/project.ts';
import { distributionPackages, modulesInArchive, normalName } from './distribution-names.ts';
import { fitsRequirement, projectRequirements, type Requirement, requirementsIn } from './requirement.ts';

export interface PythonPackages {
  /** Debian packages of what is imported or required, sorted. */
  readonly packages: readonly string[];
  /** Normal names of the distributions that are asked for by name. */
  readonly required: ReadonlySet<string>;
  /** For the reader of the draft. */
  readonly notes: readonly string[];
}

/** What is listed beside what an application needs, and does not run with it. */
const ONLY_TO_DEVELOP =
  /^(pip|setuptools|wheel|build|twine|tox|nox|pytest.*|coverage|flake8.*|black|isort|mypy.*|pylint.*|ruff|bandit|pre-commit|ipython|ipdb|sphinx.*|types-.*|pip-tools|poetry.*|bump2version|faker|factory-boy)$/;

/**
 * Debian packages of imports and requirements: by the naming of Debian Python Policy §4.3, else as the archive's build tools know them.
 * What lies in the folder is left out; what nobody has is told.
 */
export async function pythonPackages(context: DraftContext, project: Project): Promise<PythonPackages> {
  const { universe } = context.archive;
  const there = new Set(project.moduleFolders.flatMap((it) => project.list(it).map(moduleName)));
  const modules = foreignModules(project).filter((it) => !there.has(normalName(it)));
  const all = requirementsOf(project);
  const asked = all.filter((it) => !there.has(normalName(it.name)) && !ONLY_TO_DEVELOP.test(normalName(it.name)));
  const plain = asked.map((it) => ({ ...it, package: packageOf(universe, it.name) }));
  const known = plain.some((it) => it.package === undefined) ? await distributionPackages(context) : new Map();
  const required = plain.map((it) => ({ ...it, package: it.package ?? known.get(normalName(it.name)) }));
  const named = modules.map((module) => ({ module, package: packageOf(universe, module) }));
  const nameless = named.filter((it) => it.package === undefined).map((it) => it.module);
  const elsewhere = await modulesInArchive(context, nameless);
  const unknown = nameless.filter((it) => !elsewhere.has(it));
  const absent = required.filter((it) => it.package === undefined).map((it) => it.name);
  return {
    packages: [...new Set([...named, ...required].flatMap((it) => it.package ?? []))].sort(),
    required: new Set(all.map((it) => normalName(it.name))),
    notes: [...absenceNotes(distinct([...absent, ...unknown])), ...required.flatMap((it) => versionNote(universe, it))],
  };
}

/** One name for each, where a module and its distribution are called alike. */
function distinct(names: readonly string[]): string[] {
  return [...new Map(names.toReversed().map((it) => [normalName(it), it])).values()].toReversed();
}

function moduleName(entry: string): string {
  return normalName(entry.replace(/(-[\d.][^-]*)?\.(dist-info|py|(?:[\w-]+\.)?so)$/, ''));
}

function requirementsOf(project: Project): Requirement[] {
  const files = ['requirements.txt', 'requirements/production.txt', 'requirements/prod.txt', 'requirements/base.txt'];
  const below = project.files.filter((it) => /^[^/]+\/requirements\.txt$/.test(it));
  const [file] = [...files.filter((it) => project.has(it)), ...below];
  const folder = file?.includes('/') ? file.slice(0, file.lastIndexOf('/') + 1) : '';
  const listed = file === undefined ? [] : requirementsIn(project.text(file) ?? '', (it) => project.text(folder + it));
  return [...listed, ...projectRequirements(project.text('pyproject.toml') ?? '')];
}

/** The package of a module or a distribution, by its name. */
function packageOf(universe: Universe, name: string): string | undefined {
  const stem = normalName(name);
  const shorter = [stem.replace(/^python-|^py(?=[a-z]{3})/, ''), stem.replace(/-(python|binary|headless)$/, '')];
  const names = [`python3-${stem}`, ...shorter.map((it) => `python3-${it}`), `python3-py${stem}`];
  const programs = [stem].filter((it) => /^(gunicorn|uvicorn|hypercorn|waitress)$/.test(it));
  return [...programs, ...names].find((it) => universe.candidate(it));
}

function absenceNotes(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const how = `pip install --target vendor --python-version 3.11 --only-binary=:all: ${names.join(' ')}`;
  return [`No python3-* package was found for ${names.join(', ')}: put them into the folder, such as by \`${how}\`.`];
}

function versionNote(universe: Universe, asked: Requirement & { readonly package: string | undefined }): string[] {
  const version = asked.package === undefined ? undefined : universe.candidate(asked.package)?.version;
  if (version === undefined || fitsRequirement(splitVersion(version).upstream, asked)) return [];
  const has = splitVersion(version).upstream;
  const how = `pip install --target vendor "${asked.name}${asked.versions}"`;
  return [
    `It asks for ${asked.name}${asked.versions}, and Debian has ${has}: see whether that will do, or \`${how}\`.`,
  ];
}

/** First names of imported modules that are neither the folder's own nor Python's; without those that it can do without. */
function foreignModules(project: Project): string[] {
  const files = project.files.filter((it) => it.endsWith('.py'));
  const own = new Set(files.flatMap((file) => file.replace(/\.py$/, '').split('/')));
  const imported = files
    .filter((file) => !/(^|\/)(setup|conftest|noxfile|fabfile)\.py$/.test(file))
    .flatMap((file) => pythonImports(project.text(file) ?? '').imports)
    .filter((it) => it.level === 0 && !it.tried)
    .map((it) => it.module.split('.')[0]!);
  return [...new Set(imported)].filter((it) => it !== '' && !own.has(it) && !STANDARD.has(it)).sort();
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
