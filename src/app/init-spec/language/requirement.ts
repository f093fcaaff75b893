/** A line of requirements.txt or of pyproject.toml's dependencies (PEP 508). */
export interface Requirement {
  /** As written. */
  readonly name: string;
  /** Such as `>=2,<3`; empty where any version will do. */
  readonly versions: string;
}

/** Requirements of a text in pip's format; other files that it names are read by `include`. */
export function requirementsIn(text: string, include: (path: string) => string | undefined, depth = 0): Requirement[] {
  return text.split('\n').flatMap((line): Requirement[] => {
    const plain = line.replace(/(^|\s)#.*$/, '').trim();
    const other = /^(?:-r|--requirement)[\s=]+(\S+)/.exec(plain)?.[1];
    if (other !== undefined) return depth < 4 ? requirementsIn(include(other) ?? '', include, depth + 1) : [];
    const found = requirementOf(plain);
    return found ? [found] : [];
  });
}

/** Dependencies of `[project]` in a pyproject.toml (PEP 621), and those of Poetry. */
export function projectRequirements(toml: string): Requirement[] {
  const list = /^\s*dependencies\s*=\s*\[([\s\S]*?)\]\s*$/m.exec(sectionOf(toml, 'project'))?.[1] ?? '';
  const quoted = [...list.matchAll(/"([^"\n]+)"|'([^'\n]+)'/g)].map((it) => it[1] ?? it[2]!);
  const poetry = sectionOf(toml, 'tool.poetry.dependencies').split('\n');
  const named = poetry.flatMap((line) => /^\s*["']?([\w.-]+)["']?\s*=/.exec(line)?.[1] ?? []);
  return [...quoted, ...named.filter((it) => it !== 'python')].flatMap((it) => requirementOf(it) ?? []);
}

/** Programs of `[project.scripts]`: their names, and the functions that they call, such as `shop.cli:main`. */
export function projectScripts(toml: string): { readonly name: string; readonly calls: string }[] {
  const lines = [sectionOf(toml, 'project.scripts'), sectionOf(toml, 'tool.poetry.scripts')].join('\n').split('\n');
  return lines.flatMap((line) => {
    const match = /^\s*["']?([\w.-]+)["']?\s*=\s*["']([\w.]+:[\w.]+)/.exec(line);
    return match ? [{ name: match[1]!, calls: match[2]! }] : [];
  });
}

function sectionOf(toml: string, name: string): string {
  const start = toml.split('\n').findIndex((line) => line.trim() === `[${name}]`);
  if (start < 0) return '';
  const rest = toml.split('\n').slice(start + 1);
  const end = rest.findIndex((line) => /^\s*\[[\w."-]+\]\s*$/.test(line));
  return rest.slice(0, end < 0 ? undefined : end).join('\n');
}

function requirementOf(text: string): Requirement | undefined {
  if (/^[\w.-]+\s*(\[[^\]]*\])?\s*@|:\/\/|^[./]/.test(text)) return undefined;
  const plain = text.replace(/;.*$/, '').replace(/\[[^\]]*\]|[\s()]/g, '');
  const match = /^([A-Za-z0-9][\w.-]*)((?:[<>=!~]=?=?[^<>=!~,]+,?)*)$/.exec(plain);
  return match ? { name: match[1]!, versions: match[2]! } : undefined;
}

/** Whether a version such as `2.2.2` fits, by its numbers (PEP 440, 'Version specifiers'). */
export function fitsRequirement(version: string, { versions }: Requirement): boolean {
  return versions
    .split(',')
    .filter((it) => it !== '')
    .every((clause) => {
      const [, operator = '', wanted = ''] = /^([<>=!~]+)(.*)$/.exec(clause) ?? [];
      return holds(numbersOf(version), operator, wanted);
    });
}

function holds(have: number[], operator: string, wanted: string): boolean {
  const numbers = numbersOf(wanted);
  const order = compare(have, numbers);
  const begins = (count: number) => compare(have.slice(0, count), numbers.slice(0, count)) === 0;
  switch (operator) {
    case '>=':
      return order >= 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '<':
      return order < 0;
    case '!=':
      return wanted.endsWith('.*') ? !begins(numbers.length) : order !== 0;
    case '~=':
      return order >= 0 && begins(numbers.length - 1);
    // Which third number a distribution has is its own matter: it mends faults in place.
    default:
      return begins(Math.min(2, numbers.length));
  }
}

function numbersOf(version: string): number[] {
  return (/^\d+(?:\.\d+)*/.exec(version)?.[0] ?? '0').split('.').map(Number);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    if ((a[at] ?? 0) !== (b[at] ?? 0)) return (a[at] ?? 0) - (b[at] ?? 0);
  }
  return 0;
}
