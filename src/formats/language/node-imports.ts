import type { ScriptCommand } from './perl-imports.ts';

export interface NodeImports {
  readonly imports: readonly { readonly specifier: string; readonly line: number; readonly guarded: boolean }[];
  readonly commands: readonly ScriptCommand[];
}

const IMPORT =
  /(?:\b(?:require|import)\s*\(\s*|\bimport\s+(?:[\w*{}\s,$]+?\s+from\s+)?|\bexport\s+[\w*{}\s,$]+?\s+from\s+|\brequire\.resolve\s*\(\s*)(["'`])([^"'`\n$]+)\1/g;
const CHILD = /\b(execSync|exec|spawnSync|spawn|execFileSync|execFile|fork)\s*\(\s*(["'`])([^"'`\n$]+)\2/g;

const STRINGS = /"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'|`(?:[^`\\]|\\[\s\S])*`/g;

/** What a JavaScript source loads and runs, as far as it is literal (ECMAScript §16.2; Node: CommonJS modules, child_process). */
export function nodeImports(source: string): NodeImports {
  const code = withoutComments(source);
  const tried = triedRanges(code);
  const lineAt = (at: number) => code.slice(0, at).split('\n').length;
  const imports = [...code.matchAll(IMPORT)].map((match) => {
    const guarded = tried.some(([start, end]) => start < match.index && match.index < end);
    return { specifier: match[2]!, line: lineAt(match.index), guarded };
  });
  // A method named exec belongs to regular expressions more often than to child_process.
  const children = /child_process/.test(code) ? [...code.matchAll(CHILD)] : [];
  const commands = children.flatMap((match) => commandOf(match[1]!, match[3]!, lineAt(match.index), code, match.index));
  return { imports, commands };
}

/** Where the blocks of `try` begin and end; one that never ends does so with the text. */
function triedRanges(code: string): (readonly [start: number, end: number])[] {
  const plain = code.replace(STRINGS, (whole) => ' '.repeat(whole.length));
  const open: { tried: boolean; start: number }[] = [];
  const ranges: (readonly [number, number])[] = [];
  for (const { 0: text, index } of plain.matchAll(/\btry\s*\{|[{}]/g)) {
    if (text !== '}') open.push({ tried: text !== '{', start: index });
    else {
      const block = open.pop();
      if (block?.tried) ranges.push([block.start, index]);
    }
  }
  return [...ranges, ...open.filter((it) => it.tried).map(({ start }) => [start, plain.length] as const)];
}

function commandOf(call: string, text: string, line: number, code: string, at: number): ScriptCommand[] {
  if (code[at - 1] === '.' && call === 'exec' && !/(child_process|cp)\.$/.test(code.slice(Math.max(0, at - 16), at)))
    return [];
  const program = /^\s*([\w./+-]+)/.exec(text)?.[1];
  if (program === undefined || call === 'fork') return [];
  const byShell = call === 'exec' || call === 'execSync';
  return [{ program, line, byShell, ...(byShell ? { text } : {}) }];
}

/** The source with comments blanked out; strings and templates are left as they are. */
function withoutComments(source: string): string {
  return source.replace(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'|`(?:[^`\\]|\\[\s\S])*`/g,
    (whole) => (whole.startsWith('/') ? whole.replace(/[^\n]/g, ' ') : whole),
  );
}
