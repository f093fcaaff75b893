import type { ScriptCommand } from './perl-imports.ts';

export interface PythonImport {
  /** Dotted name without leading dots. */
  readonly module: string;
  /** Leading dots of a relative import; 0 for an absolute one. */
  readonly level: number;
  /** Names of `from … import`; each may be a submodule. */
  readonly names: readonly string[];
  readonly line: number;
  /** Its absence is borne: tried, or only imported when some function is called. */
  readonly guarded: boolean;
  /** Its absence is borne for sure, or it may not be reached: it stands in a `try` or an `if`. */
  readonly tried: boolean;
}

export interface PythonImports {
  /** Distributions whose metadata it looks up, as `load_entry_point('name==1.0', …)` does. */
  readonly distributions: readonly { readonly name: string; readonly line: number }[];
  readonly imports: readonly PythonImport[];
  readonly commands: readonly ScriptCommand[];
  /** Texts that read like a dotted name of something in a module, such as `app.workers.Worker`. */
  readonly dottedTexts: readonly { readonly text: string; readonly line: number }[];
}

const LOOKUP =
  /\b(?:load_entry_point|distribution|metadata\.version|metadata|version|get_distribution|require|entry_points)\s*\(\s*(?=["'])/g;

interface Literal {
  readonly start: number;
  readonly text: string;
}

/** What a python source imports and runs, as far as it is literal (Python Language Reference §5, §7.11). */
export function pythonImports(source: string): PythonImports {
  const { code, literals } = mask(source);
  const lineOf = lineCounter(source);
  return {
    imports: importsOf(code, literals, lineOf),
    commands: commandsOf(code, literals, lineOf),
    distributions: distributionsOf(code, literals, lineOf),
    dottedTexts: literals
      .filter(({ text }) => /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$/.test(text) && text.length < 120)
      .map(({ text, start }) => ({ text, line: lineOf(start) })),
  };
}

/** The source with comments and the insides of strings blanked out, and the strings themselves. */
function mask(source: string): { code: string; literals: Literal[] } {
  const literals: Literal[] = [];
  const code = source.replace(
    /#[^\n]*|("""|''')((?:[^\\]|\\[\s\S])*?)\1|"((?:[^"\\\n]|\\[\s\S])*)"|'((?:[^'\\\n]|\\[\s\S])*)'/g,
    (whole, triple, long, double, single, start: number) => {
      if (whole.startsWith('#')) return ' '.repeat(whole.length);
      if (triple === undefined) literals.push({ start, text: double ?? single ?? '' });
      const inside = (long ?? double ?? single ?? '') as string;
      const quote = (whole.length - inside.length) / 2;
      return whole.slice(0, quote) + inside.replace(/[^\n]/g, ' ') + whole.slice(-quote);
    },
  );
  return { code, literals };
}

function lineCounter(text: string): (at: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (at) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle]! <= at) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

function distributionsOf(code: string, literals: readonly Literal[], lineOf: (at: number) => number) {
  return [...code.matchAll(LOOKUP)].flatMap((match) => {
    const start = match.index + match[0].length;
    const name = /^[A-Za-z][\w.-]*/.exec(literals.find((it) => it.start === start)?.text ?? '')?.[0];
    return name ? [{ name, line: lineOf(start) }] : [];
  });
}

function importsOf(code: string, literals: readonly Literal[], lineOf: (at: number) => number): PythonImport[] {
  const found: PythonImport[] = [];
  let depth = 0;
  const blocks: { indent: number; guards: boolean; tries: boolean; skips: boolean }[] = [];
  for (const match of code.matchAll(/^([ \t]*)([^\n]*)$/gm)) {
    const [, space, rest] = match as unknown as [string, string, string];
    const inBrackets = depth > 0;
    depth = Math.max(0, depth + count(rest, /[([{]/g) - count(rest, /[)\]}]/g));
    if (rest.trim() === '' || inBrackets) continue;
    while (blocks.length > 0 && blocks.at(-1)!.indent >= space.length) blocks.pop();
    const guard = { guarded: blocks.some((block) => block.guards), tried: blocks.some((block) => block.tries) };
    const at = match.index + space.length;
    if (!blocks.some((block) => block.skips)) found.push(...statement(code, at, guard, lineOf(at)));
    const opens = /^(try|def|async def|class|if|elif|else|except|finally|for|while|with)\b/.exec(rest)?.[1];
    if (opens) {
      const tries = /^(try|except|else|if|elif)$/.test(opens);
      const guards = tries || /^(def|async def)$/.test(opens);
      blocks.push({ indent: space.length, guards, tries, skips: /^if\s+(\w+\.)?TYPE_CHECKING\b/.test(rest) });
    }
  }
  for (const match of code.matchAll(/\b(?:import_module|__import__)\(\s*["']/g)) {
    const start = match.index + match[0].length - 1;
    const module = literals.find((it) => it.start === start)?.text;
    if (module && /^[\w.]+$/.test(module))
      found.push({ ...relative(module), names: [], line: lineOf(start), guarded: true, tried: true });
  }
  return found;
}

function count(text: string, sign: RegExp): number {
  return text.match(sign)?.length ?? 0;
}

type Guard = Pick<PythonImport, 'guarded' | 'tried'>;

function statement(code: string, at: number, guard: Guard, line: number): PythonImport[] {
  const rest = code.slice(at, at + 4000);
  const from = /^from\s+(\.*)\s*([\w.]*)\s+import\s+(\(([^)]*)\)|[^\n;]*)/.exec(rest);
  if (from) {
    const names = (from[4] ?? from[3]!).replace(/\\\n/g, ' ').split(',');
    const plain = names.map((name) => name.trim().split(/\s+/)[0]!).filter((name) => /^\w+$/.test(name));
    return [{ module: from[2]!, level: from[1]!.length, names: plain, line, ...guard }];
  }
  const plain = /^import\s+([^\n;]+)/.exec(rest);
  return (plain?.[1]?.split(',') ?? [])
    .map((name) => name.trim().split(/\s+/)[0]!)
    .filter((name) => /^[A-Za-z_][\w.]*$/.test(name))
    .map((module) => ({ module, level: 0, names: [], line, ...guard }));
}

function relative(text: string): { module: string; level: number } {
  const dots = /^\.*/.exec(text)![0].length;
  return { module: text.slice(dots), level: dots };
}

const CALL =
  /\b(?:os\.(system|popen|exec[lv]p?e?|spawn[lv]p?e?|posix_spawnp?)|subprocess\.(run|Popen|call|check_call|check_output|getoutput|getstatusoutput)|(?<![\w.])(Popen|check_call|check_output)|asyncio\.create_subprocess_(exec|shell))\s*\(/g;

function commandsOf(code: string, literals: readonly Literal[], lineOf: (at: number) => number): ScriptCommand[] {
  return [...code.matchAll(CALL)].flatMap((match) => {
    const open = match.index + match[0].length;
    const call = code.slice(open, closing(code, open));
    const first = /^\s*(?:os\.[A-Z_]+\s*,\s*)?(\[\s*|\(\s*)?[rbuRBU]?(?=["'])/.exec(call);
    const byShell =
      /^(system|popen|getoutput|getstatusoutput|shell)$/.test(match[1] ?? match[2] ?? match[4] ?? '') ||
      /\bshell\s*=\s*(?!False|None|0\b)\w/.test(call);
    const start = first ? open + first[0].length : -1;
    const text = literals.find((it) => it.start === start)?.text;
    const line = lineOf(match.index);
    if (text === undefined) return byShell ? [{ program: '/bin/sh', line, byShell }] : [];
    const program = /^\s*([\w./+-]+)/.exec(text)?.[1];
    if (program === undefined) return byShell ? [{ program: '/bin/sh', line, byShell }] : [];
    return [{ program, line, byShell, ...(byShell && !first![1] ? { text } : {}) }];
  });
}

/** Where the parenthesis that was opened before `at` closes. */
function closing(code: string, at: number): number {
  let depth = 1;
  for (let here = at; here < Math.min(code.length, at + 4000); here++) {
    if ('([{'.includes(code[here]!)) depth++;
    else if (')]}'.includes(code[here]!) && --depth === 0) return here;
  }
  return Math.min(code.length, at + 4000);
}
