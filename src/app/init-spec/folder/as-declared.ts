import { type CommandLine, commandOfText, commandOfWords } from '../draft/command-line.ts';
import { type Draft, type DraftContext, nameFrom } from '../draft/draft.ts';
import { portsIn } from '../draft/ports-in.ts';
import type { Project } from '../draft/project.ts';
import { answersOn } from '../draft/web-server.ts';
import { type Declared, environmentFile } from './declared.ts';

const INTO = '/opt/app';
const USUAL_PORT = 8000;
const UNITS = '/etc/systemd/system';
const EMPTY = { readsHost: false, local: false, http: false };

/** A draft with what the folder's own unit, Procfile, Dockerfile and .env say of running in place of what was guessed. */
export function asDeclared(
  { archive }: DraftContext,
  project: Project,
  draft: Draft | undefined,
  declared: Declared | undefined,
): Draft {
  const base = withVariables(project, draft ?? draftOfNothing(project));
  if (!declared) return base;
  if (declared.unit !== undefined) return startedByUnit(project, base, declared);
  // A container starts the server that its base image has set up; here the server's own package does that.
  if ('unit' in base.run) return { ...base, notes: [...base.notes, ...declared.notes] };
  const command = commandOf(project, base, declared);
  const isKnown = (program: string) =>
    !program.startsWith('/usr/bin/') ||
    draft?.packages.length ||
    archive.universe.candidate(program.slice('/usr/bin/'.length)) !== undefined;
  const program = command?.argv[0] ?? '';
  if (!command || !isKnown(program) || !isThere(project, declared, program)) {
    return {
      ...base,
      notes: [...base.notes, `What ${declared.by} starts is not in the folder; see whether the command does the same.`],
    };
  }
  const server = program.slice('/usr/bin/'.length);
  const serves = program.startsWith('/usr/bin/') && archive.universe.candidate(server) ? [server] : [];
  const packages = [...new Set([...base.packages.filter((it) => !isReplaced(base, it)), ...serves])].sort();
  return { ...moved(base, declared.into), ...runOf(project, base, declared, command), packages };
}

function draftOfNothing({ folder }: Project): Draft {
  return {
    name: nameFrom(folder),
    description: 'an application of your own',
    packages: [],
    from: { path: folder, into: INTO },
    run: { command: [`${INTO}/start`], workingDirectory: INTO, user: 'www-data' },
    ...answersOn(undefined, EMPTY),
  };
}

/** Variables of .env, below what is said more closely; what looks like a secret is left out and told. */
function withVariables(project: Project, draft: Draft): Draft {
  const { variables, secrets } = environmentFile(project);
  if ('unit' in draft.run || (Object.keys(variables).length === 0 && secrets.length === 0)) return draft;
  const port = Number(variables.PORT);
  const isPort = port > 0 && port < 65_536;
  const known = isPort ? { ports: [port], http: true } : {};
  const note = `.env goes into the image with the folder, and ${secrets.join(', ')} of it with it: keep secrets elsewhere.`;
  return {
    ...draft,
    ...known,
    run: { ...draft.run, environment: { ...draft.run.environment, ...variables } },
    notes: secrets.length > 0 ? [...draft.notes, note] : draft.notes,
  };
}

function startedByUnit({ folder, text }: Project, draft: Draft, { by, unit, into, notes }: Declared): Draft {
  const base = moved({ ...draft, from: { path: folder, into: INTO } }, into);
  const heard = portsIn([text(by) ?? '']);
  const port = heard.port ?? draft.ports[0];
  const file = { path: `${UNITS}/${unit!}`, source: `${folder}/${by}`, mode: '0644', owner: 'root', group: 'root' };
  return {
    ...base,
    run: { unit: unit! },
    files: [...(draft.files ?? []), file],
    ...(port === undefined ? {} : { ports: [port], http: heard.http || draft.http }),
    notes: [...draft.notes, ...notes],
  };
}

function commandOf(project: Project, base: Draft, declared: Declared): CommandLine | undefined {
  const place = { project, into: declared.into ?? INTO, variables: variablesOf(base, declared) };
  if (declared.argv) {
    const [shell, flag, text] = declared.argv;
    if (/^(\/bin\/)?(ba|da)?sh$/.test(shell ?? '') && flag === '-c' && text !== undefined)
      return commandOfText(text, place);
    return commandOfWords(declared.argv, place);
  }
  return declared.text === undefined ? undefined : commandOfText(declared.text, place);
}

function variablesOf(base: Draft, { environment, ports }: Declared): Record<string, string> {
  const stated = 'command' in base.run ? base.run.environment : undefined;
  const port = environment.PORT ?? stated?.PORT ?? String(ports[0] ?? base.ports[0] ?? USUAL_PORT);
  return { ...stated, ...environment, PORT: port };
}

/** A program below the application's folder has to be one of the folder's files. */
function isThere(project: Project, { into = INTO }: Declared, program: string): boolean {
  return program.startsWith(`${into}/`) ? project.has(program.slice(into.length + 1)) : true;
}

/** A server that was only guessed gives way to what is declared. */
function isReplaced({ run }: Draft, name: string): boolean {
  return 'command' in run && run.command[0] === `/usr/bin/${name}` && /^(gunicorn|uvicorn|puma|starman)$/.test(name);
}

function runOf(
  project: Project,
  base: Draft,
  declared: Declared,
  command: CommandLine,
): Pick<Draft, 'run' | 'ports' | 'http' | 'local' | 'notes'> {
  const into = declared.into ?? INTO;
  const variables = variablesOf(base, declared);
  const line = command.argv.join(' ');
  const takesPort = declared.environment.PORT !== undefined || /\$\{?PORT\b/.test(declared.text ?? '');
  const isRead = takesPort || portsIn(project.files.map((it) => project.text(it) ?? '')).readsPort;
  const own = 'command' in base.run ? base.run.environment : {};
  const port = declared.ports[0] ?? portsIn([line]).port ?? (isRead ? Number(variables.PORT) : base.ports[0]);
  const http = base.http || declared.by === 'Procfile';
  const answer =
    port === undefined
      ? base
      : answersOn(port, { ...EMPTY, http, ...(base.path === undefined ? {} : { path: base.path }) });
  const environment = {
    ...own,
    ...declared.environment,
    ...command.environment,
    ...(isRead ? { PORT: variables.PORT! } : {}),
  };
  return {
    run: {
      command: command.argv,
      workingDirectory: into,
      user: declared.user ?? 'www-data',
      environment: relocated(environment, into),
    },
    ports: answer.ports,
    http: answer.http,
    ...(answer.local ? { local: true } : {}),
    notes: [
      ...base.notes.filter((it) => !/guess|console/.test(it)),
      ...declared.notes,
      `It is started as ${declared.by} says.`,
    ],
  };
}

/** The same draft with the application in another folder of the image. */
function moved(draft: Draft, into: string | undefined): Draft {
  if (into === undefined || into === INTO || !draft.from) return draft;
  return { ...draft, from: { ...draft.from, into }, run: relocated(draft.run, into) };
}

function relocated<T>(value: T, into: string): T {
  return JSON.parse(JSON.stringify(value).replaceAll(INTO, into)) as T;
}
