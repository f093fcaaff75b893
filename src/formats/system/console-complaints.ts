/** What a program said it could not find. */
export interface Complaint {
  readonly kind: 'program' | 'library' | 'file' | 'python' | 'perl' | 'node' | 'ruby';
  /** A command or path, a soname, a module's name; a perl or ruby one as a path, such as `Foo/Bar.pm`. */
  readonly needs: string;
  /** The line that says so. */
  readonly line: string;
}

const QUOTE = `["'‘’“”\`]?`;
const PROGRAM = String.raw`([\w.+@/-]+)`;
const ABSENT = `[Nn]o such file or directory`;

/** The first that fits a line counts. A pattern's group is what is missing. */
const PATTERNS: readonly (readonly [Complaint['kind'], RegExp])[] = [
  ['python', /\b(?:ModuleNotFoundError|ImportError): No module named '?([\w.]+)/],
  ['perl', /\bCan't locate (\S+\.p[mlh]) in @INC/],
  ['node', /\bCannot find (?:module|package) '((?:@[\w.-]+\/)?[\w.-]+)/],
  ['ruby', /\bcannot load such file -- ([\w./-]+)/],
  ['file', /(\/[\w.+@/-]+\.so(?:\.[\w.]+)?): cannot open shared object file/],
  ['library', /(?:^|\s)([\w.+-]+\.so(?:\.[\w.]+)?): cannot open shared object file/],
  ['program', new RegExp(String.raw`\bexec: "${PROGRAM}": (?:executable file not found|stat \S+: no such file)`)],
  ['program', new RegExp(String.raw`\benv: ${QUOTE}${PROGRAM}${QUOTE}: ${ABSENT}`)],
  ['program', new RegExp(String.raw`(?:^|[\s:])${PROGRAM}: (?:command )?not found$`)],
  [
    'program',
    new RegExp(
      String.raw`\b(?:execv\w*|exec|spawn|execute)\b[^/]*?${QUOTE}(/[\w.+@/-]+)${QUOTE}.*(?:${ABSENT}|ENOENT)`,
    ),
  ],
  ['program', /\bspawn ([\w.+@/-]+) ENOENT\b/],
  [
    'file',
    new RegExp(
      String.raw`(?:^|[\s"'‘:=(\[])(/[\w.+@-]+(?:/[\w.+@-]+)+)(?=["'’:,;)\] ]|$).*(?:${ABSENT}|does not exist|ENOENT)`,
      'i',
    ),
  ],
  [
    'file',
    new RegExp(
      String.raw`(?:${ABSENT}|ENOENT|not found|cannot (?:open|find|read)|can't (?:open|find|read)|failed to (?:open|load|read)|unable to (?:open|find|load|read)).*?[\s"'‘:=(\[](/[\w.+@-]+(?:/[\w.+@-]+)+)`,
      'i',
    ),
  ],
];

/** Escape sequences of terminals, and what a kernel or a journal puts before a line. */
const AROUND = /\x1b\[[0-9;?]*[A-Za-z]|\r|^\[ *\d+\.\d+\] /g;

/** What the programs of an instance said on its console that they miss, each once, in the order in which it was said. */
export function complaintsIn(console: string): Complaint[] {
  const found = new Map<string, Complaint>();
  for (const raw of console.split('\n')) {
    const line = raw.replace(AROUND, '').trim();
    const complaint = complaintOf(line);
    const key = complaint && `${complaint.kind} ${complaint.needs}`;
    if (key !== undefined && !found.has(key)) found.set(key, complaint!);
  }
  return [...found.values()];
}

function complaintOf(line: string): Complaint | undefined {
  for (const [kind, pattern] of PATTERNS) {
    const needs = pattern.exec(line)?.[1]?.replace(/[.:,]+$/, '');
    if (needs) return { kind, needs, line };
  }
  return undefined;
}
