import type { ElfFacts } from '../../formats/elf/elf.ts';
import { baseName, COMMAND_PATH, directoryOf, joinPath } from './path.ts';
import type { Demand, Rule, Subject } from './rule.ts';
import { isLanguageRuntime } from './runtimes.ts';
import type { View } from './view.ts';

const EXEC_FUNCTION = /^(exec[lv]p?e?|execvpe|fexecve|execveat|posix_spawnp?)$/;
const PROGRAM_FOLDER = /^\/(usr\/)?(local\/)?(bin|sbin|libexec|lib|lib64)\//;
/** Folders that hold programs and little else, by the names that packages give them. */
export const PRIVATE_PROGRAMS = /^\/usr\/(lib(64|exec)?|local\/lib)\/.*?(s?bin|libexec|-core)$|^\/usr\/libexec\/[^/]+$/;
/** A linker keeps a text that another one ends with as a part of that: `/app` may be the end of `/etc/app`. */
const MAY_END_IN_NAME = /^\/(etc|usr\/lib|usr\/libexec|var\/\w+)\/[\w.+-]{3,64}$/;
const LOGIN_SHELL = /\/(bash|nologin|false|true|sync)$/;
const SYSTEM_FOLDERS: ReadonlySet<string> = new Set([
  ...COMMAND_PATH,
  '/usr',
  '/usr/lib',
  '/usr/libexec',
  '/usr/games',
  '/',
]);

/** Programs that an ELF file which imports exec names by absolute path in its data, or beside itself by name. */
export const elfExecutables: Rule = {
  id: 'elf-executables',
  explanation: 'a file that can start programs names this one by path',
  roles: ['run', 'load'],
  likely: true,
  *inspect(subject, view) {
    const { path } = subject;
    if (!startsPrograms(path, view)) return;
    for (const text of view.elfTexts(path)) yield* named(text, subject, view);
  },
};

/** Whether an ELF file imports exec or its kind for purposes of its own. */
export function startsPrograms(path: string, view: View): boolean {
  const facts = view.elf(path);
  if (!facts || isLibraryOfC(facts) || isLanguageRuntime(path)) return false;
  return facts.imports.some(({ name }) => EXEC_FUNCTION.test(name));
}

/** The C library names /bin/sh for those that import popen; they are asked themselves. */
function isLibraryOfC(facts: ElfFacts): boolean {
  return facts.soname === 'libc.so.6';
}

function* named(text: string, { path, role }: Subject, view: View): Iterable<Demand> {
  const found = { rule: elfExecutables.id, by: path, needs: text, required: false, role: 'run', bring: true } as const;
  // Whoever loads a library seldom calls all of it.
  const demand = role === 'load' ? { ...found, context: { guessed: true } } : found;
  if (role === 'run' && MAY_END_IN_NAME.test(text))
    for (const place of programsOfPackage(baseName(text), path, view))
      yield { ...demand, paths: [place], bring: false, quiet: true };
  if (text.startsWith('/')) {
    if (/\s/.test(text)) return;
    const place = joinPath('/', text);
    const entry = view.trace(place)?.entry;
    if (entry?.type === 'directory' && role === 'run') yield* programsIn(place, demand, view);
    // A library that names a login shell means users' records, not a program that it runs.
    else if (role === 'load' && LOGIN_SHELL.test(text)) return;
    else if (entry?.type === 'file' || PROGRAM_FOLDER.test(text))
      yield { ...demand, paths: [place], quiet: !looksRun(text) };
  } else if (role === 'run' && isSibling(text, path, view)) {
    yield { ...demand, paths: [joinPath(directoryOf(path), text)], bring: false, quiet: true };
  }
}

/** Whether a text that leads nowhere is worth a report: a plain path in a folder of programs. */
function looksRun(text: string): boolean {
  return /^\/(usr\/)?(local\/)?s?bin\/[\w.+-]+$/.test(text);
}

/** A private folder of programs (`/usr/lib/postfix/sbin`): each of them may be run; none comes back for that alone. */
function* programsIn(folder: string, demand: Omit<Demand, 'paths'>, view: View): Iterable<Demand> {
  if (SYSTEM_FOLDERS.has(folder) || !PRIVATE_PROGRAMS.test(folder)) return;
  for (const name of view.list(folder)) {
    const entry = view.trace(joinPath(folder, name))?.entry;
    if (entry?.type !== 'file' || (entry.mode & 0o111) === 0 || /\.so(\.|$)/.test(name)) continue;
    yield { ...demand, paths: [joinPath(folder, name)], bring: false, quiet: true };
  }
}

/** A program beside this one in a folder of their own: `initdb` names `postgres`. */
function isSibling(text: string, path: string, view: View): boolean {
  if (!/^[\w.+-]{2,64}$/.test(text) || text === baseName(path)) return false;
  const folder = directoryOf(path);
  return (
    !(COMMAND_PATH as readonly string[]).includes(folder) && view.trace(`${folder}/${text}`)?.entry.type === 'file'
  );
}

/** Other programs of the name in the package of `path`, in the command path or a private folder of programs. */
export function programsOfPackage(name: string, path: string, view: View): string[] {
  const own = view.trace(path)?.entry.package;
  return view.named(name).filter((place) => {
    const folder = directoryOf(place);
    const isProgram = PRIVATE_PROGRAMS.test(folder) || (COMMAND_PATH as readonly string[]).includes(folder);
    return own !== undefined && place !== path && isProgram && view.trace(place)?.entry.package === own;
  });
}
