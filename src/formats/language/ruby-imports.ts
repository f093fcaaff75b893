import type { ScriptCommand } from './perl-imports.ts';

export interface RubyImports {
  /** Features of `require`, and paths of `require_relative`, `load` and `autoload`. */
  readonly imports: readonly {
    readonly name: string;
    readonly line: number;
    /** Relative to the file's own folder. */
    readonly relative: boolean;
    /** Its absence is borne, or it may not be reached. */
    readonly guarded: boolean;
  }[];
  readonly commands: readonly ScriptCommand[];
}

const REQUIRE = /^\s*(require|require_relative|load)\b\s*\(?\s*(["'])([^"'#\n]+)\2(.*)$/;
const AUTOLOAD = /\bautoload\s*\(?\s*:\w+\s*,\s*(["'])([^"'#\n]+)\1/;
const COMMAND =
  /(?:\b(?:system|exec|spawn)\s*\(?\s*|IO\.popen\s*\(?\s*\[?\s*|Open3\.\w+\s*\(?\s*)(["'])([^"'\n]+)\1\s*(,)?/g;
const SHELL = /(?<![\w\\])`([^`\n]+)`|%x\s*[{([]([^})\]\n]+)/g;

/** What a Ruby source loads and runs, as far as it is literal (Ruby: Kernel#require, #load, #system, backticks). */
export function rubyImports(source: string): RubyImports {
  const imports: RubyImports['imports'][number][] = [];
  const commands: ScriptCommand[] = [];
  const lines = codeLines(source);
  for (const [index, code] of lines.entries()) {
    const line = index + 1;
    const [, verb, , name, rest = ''] = REQUIRE.exec(code) ?? [];
    const relative = verb === 'require_relative' || (verb === 'load' && name!.startsWith('.'));
    const guarded = /\b(if|unless|rescue)\b/.test(rest) || isTried(lines, index);
    if (name !== undefined) imports.push({ name, line, relative, guarded });
    const lazy = AUTOLOAD.exec(code)?.[2];
    if (lazy !== undefined) imports.push({ name: lazy, line, relative: false, guarded: true });
    commands.push(...commandsOf(code, line));
  }
  return { imports, commands };
}

/** Lines with comments, `=begin` blocks and what follows `__END__` blanked out. */
function codeLines(source: string): string[] {
  const [code = ''] = source.split(/^__END__$/m);
  const plain = code.replace(/^=begin\b[\s\S]*?^=end\b.*$/gm, (whole) => whole.replace(/[^\n]/g, ''));
  return plain.split('\n').map((line) => line.replace(/^\s*#.*$/, ''));
}

/** Whether a line stands between a `begin` and its `rescue`, as far as indentation tells. */
function isTried(lines: readonly string[], at: number): boolean {
  const indent = (line: string) => /^\s*/.exec(line)![0].length;
  const own = indent(lines[at]!);
  const before = lines.slice(Math.max(0, at - 8), at).findLast((it) => it.trim() !== '' && indent(it) < own);
  return before !== undefined && /^\s*(begin|if|unless|when|case|def)\b/.test(before);
}

function commandsOf(code: string, line: number): ScriptCommand[] {
  const called = [...code.matchAll(COMMAND)].map((it) => ({ text: it[2]!, isList: it[3] !== undefined }));
  const quoted = [...code.matchAll(SHELL)].map((it) => ({ text: it[1] ?? it[2]!, isList: false }));
  return [...called, ...quoted].flatMap(({ text, isList }) => {
    const program = /^\s*([\w/][\w./+-]*)(?=\s|$)/.exec(text)?.[1];
    if (program === undefined || text.includes('#{')) return [];
    const byShell = !isList && /[*?{}[\]<>()~&|\\$;'`"\n#=%]/.test(text);
    return [{ program, line, byShell, ...(byShell ? { text } : {}) }];
  });
}
