import { posix } from 'node:path';

/** What a Dockerfile lays into its last stage. */
export interface DockerCopy {
  /** As written, relative to the context or to the folder of the stage `from`. */
  readonly sources: readonly string[];
  /** Absolute; with `/` at its end where it is said to be a folder. */
  readonly target: string;
  /** An earlier stage, or an image of somebody's: the folder in which the stage works, where it is one of this file. */
  readonly from?: { readonly workingDirectory?: string };
}

/** What the last stage of a Dockerfile says of running. */
export interface DockerRun {
  /** ENTRYPOINT and CMD in their exec form. */
  readonly argv?: readonly string[];
  /** The command in its shell form. */
  readonly text?: string;
  readonly workingDirectory?: string;
  readonly user?: string;
  readonly environment: Readonly<Record<string, string>>;
  /** TCP ports of EXPOSE. */
  readonly ports: readonly number[];
  /** Debian packages that some RUN installs. */
  readonly packages: readonly string[];
  readonly copies: readonly DockerCopy[];
}

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

interface Stage {
  /** Empty where it has none. */
  readonly name: string;
  readonly base: string;
  readonly instructions: readonly Instruction[];
}

type Variables = ReadonlyMap<string, string>;

/**
 * Reads a Dockerfile (Dockerfile reference) as far as it says how its last stage is run, with what that has of the stages it is
 * made from; arguments of a build count by their defaults.
 */
export function dockerfileOf(source: string): DockerRun {
  const all = instructionsOf(source);
  const first = all.findIndex((it) => it.name === 'FROM');
  const stages = stagesOf(all.slice(Math.max(first, 0)));
  const stage = stages.length > 0 ? inheritedBy(stages, stages.length - 1) : [];
  const preamble = all.slice(0, Math.max(first, 0)).filter((it) => it.name === 'ARG');
  const { variables, environment } = variablesOf([...preamble, ...stage]);
  const last = (name: string) => stage.findLast((it) => it.name === name)?.rest;
  const directory = directoryAfter(stage, variables);
  const user = last('USER');
  return {
    ...commandOf(last('ENTRYPOINT'), last('CMD')),
    ...(directory === undefined ? {} : { workingDirectory: directory }),
    ...(user === undefined ? {} : { user: expanded(user, variables).split(':')[0]! }),
    environment,
    ports: stage.filter((it) => it.name === 'EXPOSE').flatMap((it) => portsOf(expanded(it.rest, variables))),
    packages: [...new Set(stage.filter((it) => it.name === 'RUN').flatMap((it) => installed(it.rest)))],
    copies: copiesOf(stage, stages, variables),
  };
}

function instructionsOf(source: string): Instruction[] {
  const joined = source.replace(/^\s*#.*\n?/gm, '').replace(/[\\`][ \t]*\r?\n/g, ' ');
  return joined.split('\n').flatMap((line) => {
    const match = /^\s*([A-Za-z]+)\s+(\S.*?)\s*$/.exec(line);
    return match ? [{ name: match[1]!.toUpperCase(), rest: match[2]! }] : [];
  });
}

function stagesOf(instructions: readonly Instruction[]): Stage[] {
  const starts = instructions.flatMap((it, at) => (it.name === 'FROM' ? [at] : []));
  const cuts = starts.length > 0 ? starts : [0];
  return cuts.map((start, at) => {
    const [head, ...rest] = instructions.slice(start, cuts[at + 1]);
    if (head?.name !== 'FROM') return { name: '', base: '', instructions: head ? [head, ...rest] : [] };
    const [base = '', as, name = ''] = head.rest.split(/\s+/).filter((word) => !word.startsWith('--'));
    return { name: as?.toLowerCase() === 'as' ? name.toLowerCase() : '', base: base.toLowerCase(), instructions: rest };
  });
}

/** Instructions of a stage after those of the one that it is made from. */
function inheritedBy(stages: readonly Stage[], at: number): Instruction[] {
  const { base, instructions } = stages[at]!;
  const parent = stages.slice(0, at).findLastIndex((it) => it.name !== '' && it.name === base);
  return [...(parent < 0 ? [] : inheritedBy(stages, parent)), ...instructions];
}

function variablesOf(instructions: readonly Instruction[]): {
  variables: Map<string, string>;
  environment: Record<string, string>;
} {
  const variables = new Map<string, string>();
  const environment: Record<string, string> = {};
  for (const { name, rest } of instructions) {
    if (name !== 'ENV' && name !== 'ARG') continue;
    for (const [key, value] of assignmentsOf(rest)) {
      variables.set(key, expanded(value, variables));
      if (name === 'ENV') environment[key] = variables.get(key)!;
    }
  }
  return { variables, environment };
}

/** The folder in which what comes after works: each WORKDIR stands below the one before it, unless it is absolute. */
function directoryAfter(instructions: readonly Instruction[], variables: Variables): string | undefined {
  const named = instructions.filter((it) => it.name === 'WORKDIR').map((it) => expanded(it.rest, variables));
  const unquoted = named.map((it) => it.replace(/^(["'])(.*)\1$/, '$2'));
  return unquoted.length === 0 ? undefined : posix.resolve('/', ...unquoted);
}

function copiesOf(stage: readonly Instruction[], stages: readonly Stage[], variables: Variables): DockerCopy[] {
  return stage.flatMap(({ name, rest }, at): DockerCopy[] => {
    if (name !== 'COPY' && name !== 'ADD') return [];
    const words = wordsOf(expanded(rest, variables));
    const paths = words.filter((it) => !it.startsWith('--'));
    const target = paths.pop();
    if (target === undefined || paths.length === 0 || paths.some((it) => /^\w+:\/\/|^<</.test(it))) return [];
    const directory = directoryAfter(stage.slice(0, at), variables) ?? '/';
    const folder = target.endsWith('/') || /(^|\/)\.$/.test(target) || paths.length > 1;
    const from = words.find((it) => it.startsWith('--from='))?.slice('--from='.length);
    return [
      {
        sources: paths,
        target: posix.resolve(directory, target).replace(/\/$/, '') + (folder ? '/' : ''),
        ...(from === undefined ? {} : { from: stageCalled(from, stages) }),
      },
    ];
  });
}

function stageCalled(name: string, stages: readonly Stage[]): { workingDirectory?: string } {
  const named = stages.findIndex((it) => it.name !== '' && it.name === name.toLowerCase());
  const at = named < 0 && /^\d+$/.test(name) ? Number(name) : named;
  if (stages[at] === undefined) return {};
  const all = inheritedBy(stages, at);
  const workingDirectory = directoryAfter(all, variablesOf(all).variables);
  return workingDirectory === undefined ? {} : { workingDirectory };
}

/** Words of a COPY, which may stand as a list of JSON. */
function wordsOf(text: string): string[] {
  const list = /\[.*\]$/.exec(text)?.[0];
  const words = list === undefined ? undefined : execForm(list);
  const plain = words ? text.slice(0, -list!.length) : text;
  return [...plain.split(/\s+/).filter((it) => it !== ''), ...(words ?? [])];
}

/** `A=1 B="2 3"`, or the old `A value`. */
function assignmentsOf(rest: string): [string, string][] {
  const pairs = [...rest.matchAll(/([A-Za-z_]\w*)=("(?:[^"\\]|\\.)*"|'[^']*'|\S*)/g)];
  if (pairs.length > 0) return pairs.map((it) => [it[1]!, it[2]!.replace(/^(["'])(.*)\1$/, '$2')]);
  const old = /^([A-Za-z_]\w*)\s+(.*)$/.exec(rest);
  return old ? [[old[1]!, old[2]!]] : [];
}

function expanded(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(
    /\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))/g,
    (_, braced?: string, otherwise?: string, plain?: string) => variables.get((braced ?? plain)!) ?? otherwise ?? '',
  );
}

function commandOf(entry: string | undefined, command: string | undefined): Pick<DockerRun, 'argv' | 'text'> {
  const [first, second] = [entry, command].map((it) => (it === undefined ? undefined : execForm(it)));
  if (entry !== undefined && !first) return { text: entry };
  if (command !== undefined && !second) return first ? {} : { text: command };
  const argv = [...(first ?? []), ...(second ?? [])];
  return argv.length > 0 ? { argv } : {};
}

function execForm(text: string): string[] | undefined {
  try {
    const words: unknown = JSON.parse(text);
    return Array.isArray(words) && words.every((it) => typeof it === 'string') ? words : undefined;
  } catch {
    return undefined;
  }
}

function portsOf(rest: string): number[] {
  return rest
    .split(/\s+/)
    .filter((it) => /^\d{1,5}(\/tcp)?$/.test(it))
    .map((it) => Number.parseInt(it, 10));
}

function installed(command: string): string[] {
  return [...command.matchAll(/\bapt(?:-get)?\s+(?:-\S+\s+)*install\s+([^&|;]*)/g)].flatMap((it) =>
    it[1]!.split(/\s+/).filter((word) => /^[a-z0-9][a-z0-9+.-]+$/.test(word)),
  );
}
