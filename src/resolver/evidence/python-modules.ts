import { type PythonImport, pythonImports } from '../../formats/language/python-imports.ts';
import { parseInterpreterLine } from '../../formats/shell/interpreter-line.ts';
import { directoryOf, joinPath } from './path.ts';
import type { Context, Demand, Rule } from './rule.ts';
import { languageOf } from './runtimes.ts';
import { scriptCommandDemands, sourceOf } from './script-text.ts';
import type { View } from './view.ts';

const OWN_LIBRARY = /^\/usr\/(local\/)?lib\/python3\.\d+\/(?!(dist|site)-packages\/)/;

/** Modules that a python source imports, and the programs that it starts. */
export const pythonModules: Rule = {
  id: 'python-modules',
  explanation: 'a python source imports this module or runs this program',
  roles: ['run', 'python'],
  *inspect(subject, view) {
    const source = sourceOf('python', subject, view);
    if (source === undefined) return;
    const { path, role, context } = subject;
    const modulePath =
      role === 'run' || !context.modulePath
        ? [directoryOf(path), ...(context.modulePath ?? []), ...environmentFolders(path, view)]
        : context.modulePath;
    const found = pythonImports(source);
    const at = { by: path, modulePath, isLibrary: OWN_LIBRARY.test(path), wanted: context.wanted, view };
    const owner = view.trace(path)?.entry.package;
    const application = context.application ?? owner ?? '';
    // A package's library offers much that the application never calls; its own modules do its work.
    const offers = at.isLibrary || !isOf(owner, application);
    for (const it of found.imports) {
      for (const demand of importDemands(it, at)) yield { ...demand, context: { ...demand.context, application } };
    }
    if (!at.isLibrary) {
      for (const { text, line } of found.dottedTexts) {
        for (const demand of dottedDemands(text, line, at))
          yield { ...demand, context: { ...demand.context, application } };
      }
    }
    for (const { name, line } of found.distributions) yield* distributionDemands(name, line, at);
    yield* scriptCommandDemands(found.commands, { rule: this.id, by: path, isLibrary: offers }, context, view);
  },
};

/** Metadata of a distribution that a script looks itself up in, and the modules which its entry points name. */
function* distributionDemands(name: string, line: number, place: Place): Iterable<Demand> {
  const wanted = normalName(name);
  const roots = [...place.modulePath, ...searchFolders(place.view)];
  for (const root of roots) {
    const folder = place.view
      .list(root)
      .find((it) => /\.(egg|dist)-info$/.test(it) && normalName(it.split('-')[0]!) === wanted);
    if (folder === undefined) continue;
    const demand = {
      rule: 'python-modules',
      by: place.by,
      line,
      needs: `metadata of ${name}`,
      required: false,
      quiet: true,
    } as const;
    for (const file of place.view.list(`${root}/${folder}`)) {
      yield { ...demand, paths: [`${root}/${folder}/${file}`], role: 'data', bring: true };
    }
    const points = place.view.text(`${root}/${folder}/entry_points.txt`) ?? '';
    for (const [, module] of points.matchAll(/^[\w.-]+\s*=\s*([A-Za-z_][\w.]*)/gm)) {
      for (const found of moduleDemands(module!, place)) yield { ...demand, ...found, quiet: true };
    }
    return;
  }
}

/** Names of distributions are equal but for case, `-`, `_` and `.` (PEP 503). */
function normalName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

/** Whether a module belongs to the program that imports it: its own package, or `python3-NAME` of it; or to nobody's. */
function isOf(owner: string | undefined, application: string | undefined): boolean {
  if (owner === undefined || application === undefined) return owner === undefined;
  return owner === application || owner === `python3-${application}`;
}

/** Modules that the interpreter loads before any script (CPython's initialization), and every encoding: they are found by name. */
export const pythonStart: Rule = {
  id: 'python-start',
  explanation: 'the python interpreter loads this to start',
  roles: ['run'],
  *inspect({ path }, view) {
    if (languageOf(path) !== 'python') return;
    const folder = searchFolders(view).find((it) => view.trace(`${it}/encodings/__init__.py`));
    const encodings = view.list(`${folder}/encodings`).filter((name) => /^\w+\.py$/.test(name));
    for (const name of [
      'site',
      'codecs',
      'io',
      'abc',
      'os',
      ...encodings.map((it) => `encodings.${it.slice(0, -3)}`),
    ]) {
      for (const demand of moduleDemands(name, { by: path, modulePath: [], view })) {
        yield { ...demand, rule: this.id, required: false, quiet: true };
      }
    }
  },
};

/** Modules that a command names: `gunicorn app:app`, `python3 -m package`, `python3 -c 'import module'`, `celery -A project`. */
export const pythonApplications: Rule = {
  id: 'python-applications',
  explanation: 'the command names this module',
  roles: ['run'],
  *inspect(subject, view) {
    const { path, context } = subject;
    const argv = context.argv ?? [];
    const isInterpreter = languageOf(path) === 'python';
    if (!isInterpreter && sourceOf('python', subject, view) === undefined) return;
    const modulePath = moduleFolders(argv, context);
    for (const name of modulesNamed(argv, isInterpreter)) {
      for (const demand of moduleDemands(name, { by: context.statedBy?.by ?? path, modulePath, view })) {
        // A plain module has no such part; what else is not there is told.
        if (name.endsWith(MAIN) && demand.quiet) continue;
        yield { ...demand, rule: this.id, required: true, quiet: false };
      }
    }
  },
};

/** What `-m` runs of a package (Python: `runpy`). */
const MAIN = '.__main__';

function moduleFolders(argv: readonly string[], context: Context): string[] {
  const given = argv.flatMap((word, index) => {
    const match = /^--(?:chdir|pythonpath|app-dir)(?:=(.*))?$/.exec(word);
    return match ? [match[1] ?? argv[index + 1] ?? ''] : [];
  });
  return [
    ...given.filter((it) => it.startsWith('/')),
    ...(context.workingDirectory ? [context.workingDirectory] : []),
    ...(context.modulePath ?? []),
  ];
}

function modulesNamed(argv: readonly string[], isInterpreter: boolean): string[] {
  return argv.slice(1).flatMap((word, index) => {
    const before = argv[index] ?? '';
    const reference = /^([A-Za-z_][\w.]*):[A-Za-z_][\w.]*(\(.*\))?$/.exec(word)?.[1];
    if (reference && !isInterpreter) return [reference];
    if (isInterpreter && before === '-c') return pythonImports(word).imports.map((it) => it.module);
    const named = (isInterpreter ? /^-m$/ : /^(-A|--app)$/).test(before);
    if (!named || !/^[A-Za-z_][\w.]*$/.test(word)) return [];
    return isInterpreter ? [word, `${word}${MAIN}`] : [word];
  });
}

interface Place {
  readonly by: string;
  readonly modulePath: readonly string[];
  readonly view: View;
  readonly isLibrary?: boolean;
  readonly wanted?: boolean;
}

type Found = Omit<Demand, 'rule' | 'required'>;

function* importDemands(it: PythonImport, place: Place): Iterable<Demand> {
  const base = it.level > 0 ? relativeName(it, place) : it.module;
  if (base === undefined) return;
  const common = { rule: 'python-modules', line: it.line };
  const required = !it.guarded && !place.isLibrary;
  // Packages of the distribution name what they can do without; what an application of one's own tries is worth a line.
  const quiet =
    place.isLibrary === true ||
    ((it.guarded || place.wanted === true) && place.view.trace(place.by)?.entry.package !== undefined);
  for (const demand of moduleDemands(base, place))
    yield { ...demand, ...common, required, quiet: quiet || demand.quiet === true };
  for (const name of it.names) {
    // What is no module is a name that the package defines itself.
    const [last] = [...moduleDemands(base === '' ? name : `${base}.${name}`, place)].slice(-1);
    if (last) yield { ...last, ...common, required: false, quiet: true };
  }
}

/** The absolute name of a relative import, by the folder that the file lies in. */
function relativeName({ module, level }: PythonImport, { by, modulePath, view }: Place): string | undefined {
  const roots = [...modulePath, ...searchFolders(view)];
  const folder = joinPath(directoryOf(by), '../'.repeat(level - 1));
  const root = roots
    .filter((it) => folder === it || folder.startsWith(`${it}/`))
    .sort((a, b) => b.length - a.length)[0];
  if (root === undefined) return undefined;
  const name = folder.slice(root.length + 1).replaceAll('/', '.');
  return [name, module].filter(Boolean).join('.');
}

/** One demand for each package on the way to a module and one for the module itself. */
function* moduleDemands(name: string, { by, modulePath, view }: Place): Iterable<Found> {
  const parts = name.split('.').filter(Boolean);
  if (parts.length === 0) return;
  const roots = [...modulePath, ...searchFolders(view)];
  const root = roots.find((folder) => placesOf(`${folder}/${parts[0]}`, view).length > 0);
  const demand = { by, needs: name, bring: true } as const;
  if (root === undefined) {
    if (isBuiltIn(parts[0]!, view)) return;
    yield { ...demand, paths: [`${roots[0] ?? ''}/${parts[0]}.py`], role: 'python' };
    return;
  }
  let isPackage = true;
  for (let depth = 1; depth <= parts.length; depth++) {
    const places = placesOf(`${root}/${parts.slice(0, depth).join('/')}`, view);
    // What a package makes up by itself is in no file.
    const quiet = depth > 1 && places.length === 0;
    if (quiet && !isPackage) return;
    isPackage = places[0]?.endsWith('/__init__.py') === true || roleOf(places) === 'data';
    const isCompiled = places[0]?.endsWith('.so') === true;
    const role = roleOf(places);
    const context = isCompiled ? {} : { modulePath };
    yield {
      ...demand,
      paths: places.length > 0 ? places : [`${root}/${parts.slice(0, depth).join('/')}.py`],
      role,
      context,
      quiet,
    };
  }
}

function roleOf([place]: readonly string[]): 'load' | 'python' | 'data' {
  if (place?.endsWith('.so')) return 'load';
  return place?.endsWith('.py') ? 'python' : 'data';
}

/** Files that are the module at `stem`, best first: package, compiled, source, folder without `__init__.py`. */
function placesOf(stem: string, view: View): string[] {
  const isFile = (path: string) => view.trace(path)?.entry.type === 'file';
  if (isFile(`${stem}/__init__.py`)) return [`${stem}/__init__.py`];
  const name = stem.slice(stem.lastIndexOf('/') + 1);
  const compiled = view.list(directoryOf(stem)).filter((file) => file.startsWith(`${name}.`) && file.endsWith('.so'));
  if (compiled.length > 0) return [`${directoryOf(stem)}/${compiled[0]}`];
  if (isFile(`${stem}.py`)) return [`${stem}.py`];
  if (view.trace(stem)?.entry.type === 'directory') return [stem];
  // setuptools keeps what it imports as `extern` in `_vendor`.
  return stem.includes('/extern/') ? placesOf(stem.replace('/extern/', '/_vendor/'), view) : [];
}

/** Names in strings that lead to a module which is there: how programs choose their parts by configuration. */
function* dottedDemands(text: string, line: number, place: Place): Iterable<Demand> {
  const parts = text.split('.');
  const roots = [...place.modulePath, ...searchFolders(place.view)].filter((folder) => !OWN_LIBRARY.test(`${folder}/`));
  const root = roots.find((folder) => placesOf(`${folder}/${parts[0]}`, place.view).length > 0);
  if (root === undefined) return;
  for (let depth = parts.length; depth > 1; depth--) {
    const name = parts.slice(0, depth).join('.');
    if (placesOf(`${root}/${name.replaceAll('.', '/')}`, place.view).length === 0) continue;
    for (const demand of moduleDemands(name, place))
      yield { ...demand, rule: 'python-modules', line, required: false, quiet: true };
    return;
  }
}

/** Debian's sys.path behind a script's own folder, and that of virtual environments below /opt and /srv. */
function searchFolders(view: View): string[] {
  const versions = view.list('/usr/lib').filter((name) => /^python3\.\d+$/.test(name));
  return [
    ...versions.flatMap((it) => [`/usr/lib/${it}`, `/usr/lib/${it}/lib-dynload`, `/usr/local/lib/${it}/dist-packages`]),
    '/usr/lib/python3/dist-packages',
  ];
}

/** Folders of modules of the virtual environment whose interpreter a script names (PEP 405). */
function environmentFolders(script: string, view: View): string[] {
  const interpreter = parseInterpreterLine(view.head(script).toString('latin1'))?.interpreter;
  const root = directoryOf(directoryOf(interpreter ?? script));
  if (!view.trace(`${root}/pyvenv.cfg`)) return [];
  return view.list(`${root}/lib`).map((name) => `${root}/lib/${name}/site-packages`);
}

/**
 * Modules that Debian's interpreters may have compiled in. The texts in an interpreter's data alone do not tell: they hold the name of
 * every standard module (sys.stdlib_module_names).
 */
const COMPILED = new Set(
  `_abc _ast _bisect _blake2 _codecs _collections _contextvars _csv _datetime _elementtree _functools _heapq _imp _interpchannels
  _interpqueues _interpreters _io _locale _md5 _opcode _operator _pickle _posixsubprocess _random _sha1 _sha2 _sha256 _sha3 _sha512
  _signal _socket _sre _stat _statistics _string _struct _suggestions _symtable _sysconfig _thread _tokenize _tracemalloc _typing
  _warnings _weakref array atexit binascii builtins cmath errno faulthandler fcntl gc grp itertools marshal math posix pwd pyexpat
  select spwd sys syslog time unicodedata zlib`.split(/\s+/),
);

/** Whether a module is compiled into the interpreter. */
function isBuiltIn(name: string, view: View): boolean {
  if (name === '__main__' || name === '__future__') return true;
  if (!COMPILED.has(name)) return false;
  const interpreters = view.list('/usr/bin').filter((it) => /^python3\.\d+$/.test(it));
  // The linker may keep a name as the end of a longer text only.
  return interpreters.some((it) => view.elfTexts(`/usr/bin/${it}`).some((text) => text.endsWith(name)));
}
