/** Unit files of systemd (systemd.syntax(7), systemd.service(5), systemd.unit(5)). */

export interface UnitEntry {
  readonly section: string;
  readonly key: string;
  readonly value: string;
  /** Line on which the entry begins, from 1. */
  readonly line: number;
  /** File that says so, where the entries of several were put together. */
  readonly file?: string;
}

/** Assignments of a unit file in their order; lines ending in a backslash are joined, comments between them skipped. */
export function parseUnit(text: string, file?: string): UnitEntry[] {
  const entries: UnitEntry[] = [];
  const lines = text.split('\n');
  let section = '';
  for (let index = 0; index < lines.length; index++) {
    const line = index + 1;
    let content = lines[index]!.trim();
    if (content === '' || isComment(content)) continue;
    while (content.endsWith('\\') && index + 1 < lines.length) {
      const next = lines[++index]!;
      if (!isComment(next.trim())) content = `${content.slice(0, -1)} ${next.trim()}`;
    }
    const header = /^\[(.+)\]$/.exec(content);
    const assignment = /^([^=\s]+)\s*=\s*(.*)$/s.exec(content);
    if (header) section = header[1]!;
    else if (assignment) {
      entries.push({
        section,
        key: assignment[1]!,
        value: assignment[2]!,
        line,
        ...(file === undefined ? {} : { file }),
      });
    }
  }
  return entries;
}

function isComment(line: string): boolean {
  return line.startsWith('#') || line.startsWith(';');
}

/** What a list-like setting holds in the end: an empty assignment takes back those before it. */
export function unitValues(entries: readonly UnitEntry[], section: string, key: string): UnitEntry[] {
  let values: UnitEntry[] = [];
  for (const entry of entries) {
    if (entry.section !== section || entry.key !== key) continue;
    values = entry.value === '' ? [] : [...values, entry];
  }
  return values;
}

/** What a setting that holds one value says: the last assignment counts. */
export function unitValue(entries: readonly UnitEntry[], section: string, key: string): string | undefined {
  return unitValues(entries, section, key).at(-1)?.value;
}

/** Words of a value, quotes and C escapes taken away (systemd.syntax(7), 'Quoting'). */
export function splitUnitWords(value: string): string[] {
  return rawWords(value).map(unquote);
}

function rawWords(value: string): string[] {
  return value.match(/(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"'\\]|\\.|["'])+/gs) ?? [];
}

function unquote(raw: string): string {
  return raw.replace(
    /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|\\(?:x[0-9a-fA-F]{2}|[0-7]{3}|.)|[^"'\\]+/gs,
    (whole, double, single) => unescapeText(double ?? single ?? whole),
  );
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  s: ' ',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

function unescapeText(text: string): string {
  return text.replace(/\\(x[0-9a-fA-F]{2}|[0-7]{3}|.)/gs, (_, code: string) => {
    if (/^x../.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]{3}$/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
    return ESCAPES[code] ?? code;
  });
}

/** One command of an Exec setting. */
export interface ExecCommand {
  /** Program as written: a path, or a name that is looked up in the command path. */
  readonly program: string;
  /** Its arguments with the program's own name first (`@` replaces it); variables are not expanded yet. */
  readonly argv: readonly string[];
  /** `-`: its failure does not count. */
  readonly mayFail: boolean;
  /** `+` or `!`: not run as the service's user. */
  readonly privileged: boolean;
}

/** Commands of `ExecStart=` and its kind; several are separated by a lone `;`. */
export function parseExec(value: string): ExecCommand[] {
  const commands: ExecCommand[] = [];
  for (const words of splitAt(rawWords(value), ';')) {
    const prefix = /^[-@:+!|]*/.exec(words[0] ?? '')![0];
    const program = (words[0] ?? '').slice(prefix.length);
    if (program === '') continue;
    const rest = words.slice(1);
    commands.push({
      program,
      argv: prefix.includes('@') ? rest : [program, ...rest],
      mayFail: prefix.includes('-'),
      privileged: /[+!]/.test(prefix),
    });
  }
  return commands;
}

function splitAt(words: readonly string[], separator: string): string[][] {
  const groups: string[][] = [[]];
  for (const word of words) {
    if (word === separator) groups.push([]);
    else groups.at(-1)!.push(unquote(word));
  }
  return groups.filter((group) => group.length > 0);
}

/** `postgresql@15-main.service` in its pieces; `template` is the name of the file that describes every instance. */
export function unitNameParts(name: string): { prefix: string; instance?: string; type: string; template?: string } {
  const match = /^(.*?)(?:@(.*))?\.([a-z]+)$/s.exec(name);
  if (!match) return { prefix: name, type: '' };
  const [, prefix, instance, type] = match as unknown as [string, string, string | undefined, string];
  if (instance === undefined) return { prefix, type };
  return { prefix, instance, type, template: `${prefix}@.${type}` };
}

/** A value with its specifiers replaced as for a system service that root starts (systemd.unit(5), 'Specifiers'). */
export function expandSpecifiers(text: string, name: string): string {
  const { prefix, instance = '', type } = unitNameParts(name);
  const values: Readonly<Record<string, string>> = {
    '%': '%', n: name, N: name.slice(0, -(type.length + 1)), p: prefix, P: unescapeName(prefix),
    i: instance, I: unescapeName(instance), j: prefix.split('-').at(-1)!, f: `/${unescapeName(instance || prefix)}`,
    t: '/run', S: '/var/lib', C: '/var/cache', L: '/var/log', E: '/etc', T: '/tmp', V: '/var/tmp', h: '/root', u: 'root', U: '0',
    g: 'root', G: '0', s: '/bin/sh',
  }; // biome-ignore format: a table
  return text.replace(/%([%A-Za-z])/g, (whole, letter: string) => values[letter] ?? whole);
}

/** `-` stands for `/` in an escaped name, and `\x2d` for a byte. */
function unescapeName(text: string): string {
  return text
    .replace(/-/g, '/')
    .replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Variables of `Environment=` and of environment files' text, later ones winning. */
export function parseEnvironmentFile(text: string): Map<string, string> {
  const variables = new Map<string, string>();
  for (const line of text.replace(/\\\n/g, ' ').split('\n')) {
    const match = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*)$/.exec(line);
    if (match) variables.set(match[1]!, unquote(match[2]!.trim()));
  }
  return variables;
}

/** Words with `$NAME` (split into words where it stands alone) and `${NAME}` replaced (systemd.service(5), 'Command lines'). */
export function expandVariables(words: readonly string[], variables: ReadonlyMap<string, string>): string[] {
  return words.flatMap((word) => {
    const alone = /^\$([A-Za-z_]\w*)$/.exec(word);
    if (alone) return splitUnitWords(variables.get(alone[1]!) ?? '');
    return [
      word.replace(/\$\$|\$\{([A-Za-z_]\w*)\}|\$([A-Za-z_]\w*)/g, (whole, braced, plain) =>
        whole === '$$' ? '$' : (variables.get(braced ?? plain) ?? ''),
      ),
    ];
  });
}
