/** A command that a script hands to the system: its words where they are literal, its whole text where a shell reads it. */
export interface ScriptCommand {
  /** First word, or the path of the program. */
  readonly program: string;
  readonly line: number;
  /** Given to `/bin/sh`. */
  readonly byShell: boolean;
  /** Literal text, where a shell reads it. */
  readonly text?: string;
}

export interface PerlImports {
  /** `Foo::Bar` of use and require. */
  readonly modules: readonly {
    readonly name: string;
    readonly line: number;
    /** Inside an eval, so its absence is borne. */
    readonly guarded: boolean;
    /** Required only when some function or block is reached. */
    readonly deferred: boolean;
  }[];
  /** Files of `require "x.pl"` and `do "x.pl"`. */
  readonly files: readonly { readonly path: string; readonly line: number }[];
  /** Folders of `use lib`; one below the script's own (FindBin) begins with `./`. */
  readonly folders: readonly string[];
  readonly commands: readonly ScriptCommand[];
}

const PRAGMAS = new Set(
  'strict warnings utf8 vars integer bytes feature constant lib parent base if overload fields sort less locale open re sigtrap subs threads'.split(
    ' ',
  ),
);

/** What a perl script or module loads and runs, as far as it is literal (perlfunc: use, require, system, exec, qx, open). */
export function perlImports(text: string): PerlImports {
  const modules: PerlImports['modules'][number][] = [];
  const files: PerlImports['files'][number][] = [];
  const folders: string[] = [];
  const commands: ScriptCommand[] = [];
  const constants = constantsOf(text);
  let evalDepth = 0;
  for (const [line, raw] of codeLines(text)) {
    const code = /\b(system|exec|qx|open)\b|`/.test(raw) ? withConstants(raw, constants) : raw;
    const opened = /\beval\s*\{(.*)/.exec(code)?.[1];
    const inEval = evalDepth > 0 || opened !== undefined;
    if (opened !== undefined) evalDepth = Math.max(0, 1 + balance(opened));
    else if (evalDepth > 0) evalDepth = Math.max(0, evalDepth + balance(code));
    const add = (name: string, guarded = inEval, deferred = false) => modules.push({ name, line, guarded, deferred });
    const used = /^\s*(?:.*\{\s*)?(?:use|no)\s+([A-Za-z_]\w*(?:::\w+)*)\b(.*)/.exec(code);
    if (used && !/^v\d/.test(used[1]!)) {
      const [, name, rest] = used as unknown as [string, string, string];
      if (!PRAGMAS.has(name) || name.includes('::')) add(name);
      else if (name === 'lib')
        folders.push(
          ...literals(rest)
            .map(besideScript)
            .filter((it) => /^\.?\//.test(it)),
        );
      else if (name === 'parent' || name === 'base')
        for (const word of literals(rest))
          if (/^[A-Z]\w*(::\w+)*$/.test(word)) add(word);
          else if (!['strict', 'warnings', 'vars'].includes(name)) add(name);
    }
    for (const [, name] of code.matchAll(/\brequire\s+([A-Za-z_]\w*(?:::\w+)*)\s*(?=[;)}]|$)/g))
      add(name!, inEval || /\beval\b/.test(code), /^\s|\b(?:if|unless|and|or)\b|&&|\|\|/.test(code));
    for (const [, path] of code.matchAll(/\b(?:require|do)\s*\(?\s*["']([^"'$@]+\.p[lhm])["']/g))
      files.push({ path: path!, line });
    commands.push(...commandsOf(code, line));
  }
  return { modules, files, folders, commands };
}

/** `$FindBin::Bin/../lib`, `$RealBin/lib`. */
function besideScript(folder: string): string {
  return folder.replace(/^\$\{?(?:FindBin::)?(?:Real)?Bin\}?(?=\/|$)/, '.');
}

/** Braces that a piece of code leaves open. */
function balance(code: string): number {
  return code.split('{').length - code.split('}').length;
}

/** Scalars that are given one literal text, once. */
function constantsOf(text: string): Map<string, string> {
  const values = new Map<string, string[]>();
  for (const [, name, value] of text.matchAll(/^\s*(?:my|our)?\s*\$(\w+)\s*=\s*["']([^"'$@\n]*)["']\s*;/gm)) {
    values.set(name!, [...(values.get(name!) ?? []), value!]);
  }
  return new Map([...values].filter(([, all]) => all.length === 1).map(([name, all]) => [name, all[0]!]));
}

function withConstants(code: string, constants: ReadonlyMap<string, string>): string {
  return code
    .replace(/\b(system|exec)(\s*\(?\s*)\$(\w+)(?=\s*[,;)])/g, (whole, call, space, name) => {
      const value = constants.get(name);
      return value === undefined ? whole : `${call}${space}"${value}"`;
    })
    .replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced, plain) => constants.get(braced ?? plain) ?? whole);
}

/** Lines of code with their numbers: no POD, no comments, nothing after `__END__`. */
function* codeLines(text: string): Iterable<[number, string]> {
  let pod = false;
  let here: string | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    if (here !== undefined) {
      if (line.trim() === here) here = undefined;
      continue;
    }
    if (/^=[a-z]/.test(line)) pod = !/^=cut\b/.test(line);
    else if (/^__(END|DATA)__/.test(line)) return;
    else if (!pod && !/^\s*#/.test(line)) {
      here = /<<~?\s*["']?([A-Z_]{2,})["']?/.exec(line)?.[1];
      yield [index + 1, line.replace(/\s#[^'"]*$/, '')];
    }
  }
}

function literals(text: string): string[] {
  const words = [...text.matchAll(/qw\s*[(/[{<]([^)/\]}>]*)/g)].flatMap(([, list]) => list!.trim().split(/\s+/));
  return [...words, ...[...text.matchAll(/["']([^"']*)["']/g)].map(([, word]) => word!)];
}

function commandsOf(code: string, line: number): ScriptCommand[] {
  const found: ScriptCommand[] = [];
  for (const [, quote, text, more] of code.matchAll(
    /\b(?:system|exec)\b\s*\(?\s*(?:\{[^}]*\}\s*)?(["'])((?:[^"'\\]|\\.)+)\1\s*(,)?/g,
  )) {
    if (quote && text) found.push(...(more ? listCommand(text, line) : stringCommand(text, line)));
  }
  for (const [, word] of code.matchAll(/\b(?:system|exec)\b\s*\(?\s*qw\s*[(/[{<]\s*([^\s)/\]}>]\S*)/g))
    found.push(...listCommand(word!, line));
  for (const [, ...texts] of code.matchAll(
    /(?<![\w\\])`([^`]+)|\bqx\s*(?:\{([^}]+)|\(([^)]+)|\/([^/]+)|\|([^|]+)|!([^!]+))/g,
  ))
    found.push(...stringCommand(texts.find((it) => it !== undefined)!, line));
  for (const [, mode, text] of code.matchAll(/\bopen\s*\(?[^,;]+,\s*["'](-\||\|-)["']\s*,\s*["']([^"']+)["']/g)) {
    if (mode) found.push(...stringCommand(text!, line));
  }
  for (const [, text] of code.matchAll(/\bopen\s*\(?[^,;]+,\s*["']\s*\|?\s*([^"'|<>+]+?)\s*\|\s*["']/g))
    found.push(...stringCommand(text!, line));
  for (const [, text] of code.matchAll(/\bopen\s*\(?[^,;]+,\s*["']\s*\|\s*([^"'-][^"']*)["']/g))
    found.push(...stringCommand(text!, line));
  return found;
}

function listCommand(program: string, line: number): ScriptCommand[] {
  return /^[\w./+-]+$/.test(program) ? [{ program, line, byShell: false }] : [];
}

/** perl runs a text without signs of the shell by itself, any other by `/bin/sh -c` (perlfunc: exec). */
function stringCommand(text: string, line: number): ScriptCommand[] {
  const program = /^\s*([\w/][\w./+-]*)(?=\s|$)/.exec(text)?.[1];
  const byShell = /[$&*(){}[\]'";\\|?<>~`\n]/.test(text.replace(/\$\{?\w+\}?|@\w+/g, ''));
  if (program === undefined) return [];
  return [{ program, line, byShell, ...(byShell && !/[$@]/.test(text) ? { text } : {}) }];
}
