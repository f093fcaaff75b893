import { type CommandLine, commandOfText, commandOfWords } from '../draft/command-line.ts';
import { type Draft, type DraftContext, nameFrom } from '../draft/draft.ts';
import { portOfCommand, portsIn } from '../draft/ports-in.ts';
import type { Project } from '../draft/project.ts';
import { answersOn } from '../draft/web-server.ts';
import { startedByUnit } from './by-unit.ts';
import type { Declared } from './declaration.ts';
import { environmentFile } from './declared.ts';
import { INTO, inFolder, relocated } from './placed.ts';
import { type Program, programOf } from './program.ts';

const USUAL_PORT = 8000;
const EMPTY = { readsHost: false, local: false, http: false };

/** A draft with what the folder's own unit, Procfile, Dockerfile and .env say of running in place of what was guessed. */
export async function asDeclared(
  context: DraftContext,
  project: Project,
  draft: Draft | undefined,
  declared: Declared | undefined,
): Promise<Draft> {
  const base = withVariables(project, draft ?? draftOfNothing(project));
  if (!declared) return base;
  if (declared.unit !== undefined) return startedByUnit(project, base, declared);
  const command = commandOf(project, base, declared);
  const program = command && (await programOf(context, project, declared, command, base));
  const isInstalled = declared.packages?.includes(program?.package ?? '') ?? false;
  // A container starts the server that its base image has set up; here the server's own package does that.
  if ('unit' in base.run && !isInstalled) return { ...base, notes: [...base.notes, ...declared.notes] };
  if (!command || !program) return withoutProgram(base, declared);
  return startedBy(context, project, isInstalled ? asInstalled(project, base, declared) : base, declared, {
    ...program,
    command: { ...command, argv: [program.path, ...command.argv.slice(1)] },
  });
}

function startedBy(
  context: DraftContext,
  project: Project,
  base: Draft,
  declared: Declared,
  program: Program & { readonly command: CommandLine },
): Draft {
  const files = [...(base.files ?? []), ...(declared.files ?? [])];
  return {
    ...inFolder(base, declared, project),
    ...runOf(project, base, declared, program),
    packages: packagesWith(context, base, declared, program),
    ...(files.length > 0 ? { files } : {}),
  };
}

/** A Dockerfile that installs its server from the distribution says all: what the folder looks like counts no more. */
function asInstalled(project: Project, { http, path }: Draft, { by, into }: Declared): Draft {
  const { from, ...nothing } = draftOfNothing(project);
  const asked = http ? { http, ...(path === undefined ? {} : { path }) } : {};
  return { ...nothing, description: `what ${by} installs`, ...asked, ...(into === undefined ? {} : { from: from! }) };
}

/** What it starts is made elsewhere; where it listens and its variables hold for what is started instead. */
function withoutProgram(base: Draft, { by, argv, environment, ports: [port] }: Declared): Draft {
  if (!('command' in base.run)) return base;
  const [program, ...others] = base.run.command;
  const isAlone = program?.startsWith(`${INTO}/`) && others.length === 0;
  const command =
    isAlone && !/^(\/bin\/)?(ba|da)?sh$/.test(argv?.[0] ?? '')
      ? [program!, ...(argv ?? []).slice(1)]
      : base.run.command;
  const isHeeded = port !== undefined && (isAlone || environment.PORT === String(port));
  const answer = isHeeded ? { ports: [port], ...(base.ports.length > 0 ? {} : { http: false }) } : {};
  return {
    ...base,
    ...answer,
    run: { ...base.run, command, environment: { ...base.run.environment, ...environment } },
    notes: [...base.notes, `What ${by} starts is not in the folder; see whether the command does the same.`],
  };
}

function packagesWith({ archive }: DraftContext, base: Draft, { packages = [] }: Declared, program: Program): string[] {
  const kept = base.packages.filter((it) => !isReplaced(base, it));
  const wanted = packages.filter((it) => archive.universe.candidate(it));
  return [...new Set([...kept, ...wanted, ...(program.package === undefined ? [] : [program.package])])].sort();
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

/** A server that was only guessed gives way to what is declared. */
function isReplaced({ run }: Draft, name: string): boolean {
  return 'command' in run && run.command[0] === `/usr/bin/${name}` && /^(gunicorn|uvicorn|puma|starman)$/.test(name);
}

function runOf(
  project: Project,
  base: Draft,
  declared: Declared,
  { command, isServer }: Program & { readonly command: CommandLine },
): Pick<Draft, 'run' | 'ports' | 'http' | 'local' | 'notes'> {
  const into = declared.into ?? INTO;
  const variables = variablesOf(base, declared);
  const line = command.argv.join(' ');
  const takesPort = declared.environment.PORT !== undefined || /\$\{?PORT\b/.test(declared.text ?? '');
  const isRead = takesPort || portsIn(project.files.map((it) => project.text(it) ?? '')).readsPort;
  const own = 'command' in base.run ? base.run.environment : {};
  const port = declared.ports[0] ?? portOfCommand(line) ?? (isRead ? Number(variables.PORT) : base.ports[0]);
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
      ...(isServer && declared.into === undefined ? {} : { workingDirectory: into }),
      // A server of the distribution gives its powers up by itself; one of theirs has none.
      ...(isServer ? {} : { user: declared.user ?? 'www-data' }),
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
