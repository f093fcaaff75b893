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
}

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** Reads a Dockerfile (Dockerfile reference) as far as it says how its last stage is run; arguments of a build count by their defaults. */
export function dockerfileOf(source: string): DockerRun {
  const all = instructionsOf(source);
  const from = all.findLastIndex((it) => it.name === 'FROM');
  const stage = all.slice(from + 1);
  const variables = new Map<string, string>();
  const environment: Record<string, string> = {};
  for (const { name, rest } of [...all.slice(0, Math.max(from, 0)).filter((it) => it.name === 'ARG'), ...stage]) {
    if (name !== 'ENV' && name !== 'ARG') continue;
    for (const [key, value] of assignmentsOf(rest)) {
      variables.set(key, expanded(value, variables));
      if (name === 'ENV') environment[key] = variables.get(key)!;
    }
  }
  const last = (name: string) => stage.findLast((it) => it.name === name)?.rest;
  const directory = last('WORKDIR');
  const user = last('USER');
  return {
    ...commandOf(last('ENTRYPOINT'), last('CMD')),
    ...(directory === undefined ? {} : { workingDirectory: expanded(directory, variables).replace(/(?<=.)\/$/, '') }),
    ...(user === undefined ? {} : { user: expanded(user, variables).split(':')[0]! }),
    environment,
    ports: stage.filter((it) => it.name === 'EXPOSE').flatMap((it) => portsOf(expanded(it.rest, variables))),
    packages: [...new Set(stage.filter((it) => it.name === 'RUN').flatMap((it) => installed(it.rest)))],
  };
}

function instructionsOf(source: string): Instruction[] {
  const joined = source.replace(/^\s*#.*\n?/gm, '').replace(/[\\`][ \t]*\r?\n/g, ' ');
  return joined.split('\n').flatMap((line) => {
    const match = /^\s*([A-Za-z]+)\s+(\S.*?)\s*$/.exec(line);
    return match ? [{ name: match[1]!.toUpperCase(), rest: match[2]! }] : [];
  });
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
