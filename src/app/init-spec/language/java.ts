import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { readZipMember, zipMembers } from '../../../formats/archive/zip.ts';
import { KilnError } from '../../../model/error.ts';
import { type Draft, type DraftContext, nameFrom } from '../draft/draft.ts';
import { portsIn } from '../draft/ports-in.ts';
import { type Project, readProject } from '../draft/project.ts';
import { answersOn, JAVA_STARTS_IN } from '../draft/web-server.ts';
import { draftOfPackage } from '../package/package.ts';

const INTO = '/opt/app';
/** Of Spring Boot and of Quarkus. */
const USUAL_PORT = 8080;
/** What Quarkus makes to be started, with its libraries beside it. */
const QUARKUS = /^(target|build)\/quarkus-app\/quarkus-run\.jar$/;
/** Of a class file: the first version of Java is 45 less 1 (JVMS §4.1). */
const FIRST_MAJOR = 44;
const CONTAINER = { package: 'tomcat10', webapps: '/var/lib/tomcat10/webapps' };

/** Archives of Java in a folder that are there to be run, best first: those that a build made, not their sources. */
export function jarsIn({ files }: Project): string[] {
  const quarkus = files.filter((it) => QUARKUS.test(it));
  if (quarkus.length > 0) return quarkus;
  const jars = files.filter((it) => /^((target|build\/libs|dist|app)\/)?[^/]+\.[jw]ar$/.test(it));
  return jars.filter((it) => !/(-sources|-javadoc|-tests?|-plain|\.original)\.jar$|\/original-/.test(it));
}

/**
 * A .jar or .war that says what to run, alone or in `folder`; a .war that does not is for a container. Throws USAGE for a .jar without a
 * main class, PACKAGE_CORRUPT.
 */
export async function draftOfJar(context: DraftContext, path: string, folder?: string): Promise<Draft> {
  const archive = readFileSync(path);
  const manifest = manifestOf(readZipMember(archive, 'META-INF/MANIFEST.MF', path)?.toString('utf8') ?? '');
  const main = manifest.get('Start-Class') ?? manifest.get('Main-Class');
  if (main === undefined && path.endsWith('.war')) return draftOfWar(context, path);
  if (main === undefined) {
    throw new KilnError('USAGE', `${path} names no main class`, {
      hint: 'give the .jar a Main-Class in META-INF/MANIFEST.MF, or write the spec with a command of its own',
    });
  }
  const libraries = (manifest.get('Class-Path') ?? '').split(' ').filter((it) => it !== '');
  const isWithOthers = folder !== undefined && libraries.some((it) => existsSync(join(dirname(path), it)));
  // What a build tool left around its result is no part of the application, unless the result itself says so.
  const isAlone = folder === undefined || relative(folder, path).includes('/');
  const from = isWithOthers ? dirname(path) : isAlone ? path : folder;
  const members = zipMembers(archive, path);
  const heard = portsIn(folder === undefined ? [] : sourcesIn(readProject(folder)));
  const port = portOf(members) ?? heard.port ?? (/\bquarkus\b/.test(main) ? USUAL_PORT : undefined);
  const asked = heard.path ?? pathIn(members);
  const answer = answersOn(port, {
    ...heard,
    http: asked !== undefined,
    ...(asked === undefined ? {} : { path: asked }),
  });
  return {
    name: nameFrom((folder ?? path).replace(/\.[jw]ar$/, '')),
    description: 'a Java application',
    packages: ['default-jre-headless'],
    from: { path: from, into: INTO },
    run: { command: ['/usr/bin/java', '-jar', `${INTO}/${basename(path)}`], workingDirectory: INTO, user: 'www-data' },
    ...answer,
    timeout: JAVA_STARTS_IN,
    notes: [...versionNotes(context, members, main), ...answer.notes],
  };
}

type Members = ReturnType<typeof zipMembers>;

/** Attributes of a manifest's main section; a line that begins with a space continues the one before (JAR specification). */
function manifestOf(text: string): Map<string, string> {
  const lines = text.replace(/\r\n?/g, '\n').replace(/\n /g, '').split('\n');
  return new Map(lines.map((line) => line.split(': ')).map(([name = '', ...value]) => [name, value.join(': ').trim()]));
}

function sourcesIn(project: Project): string[] {
  return project.files.filter((it) => /\.(java|kt|kts|groovy|scala)$/.test(it)).map((it) => project.text(it) ?? '');
}

/** Pages in the archive, or the health that Spring Boot's actuator tells; all else of such an application may be 404. */
function pathIn(members: Members): string | undefined {
  const has = (pattern: RegExp) => members.some((it) => pattern.test(it.name));
  if (has(/^(BOOT-INF\/classes\/|WEB-INF\/classes\/|META-INF\/resources\/)?(static|public|resources)?\/?index\.html$/))
    return '/';
  return has(/^BOOT-INF\/lib\/spring-boot-starter-actuator-/) ? '/actuator/health' : undefined;
}

function portOf(members: Members): number | undefined {
  const settings = members.filter((it) =>
    /^(BOOT-INF\/classes\/|WEB-INF\/classes\/)?application\.(properties|ya?ml)$/.test(it.name),
  );
  const stated = portsIn(
    settings.map((it) =>
      it
        .read()
        .toString('utf8')
        .replace(/^\s*management\..*$/gm, ''),
    ),
  ).port;
  return stated ?? (members.some((it) => it.name.startsWith('BOOT-INF/')) ? USUAL_PORT : undefined);
}

/** Debian's default Java runs classes up to its own version. */
function versionNotes({ archive }: DraftContext, members: Members, main: string): string[] {
  const file = `${main.replaceAll('.', '/')}.class`;
  const bytes = members.find((it) => it.name === file || it.name.endsWith(`/classes/${file}`))?.read();
  const version = archive.universe.candidate('default-jre-headless')?.version;
  const have = Number(/^(?:\d+:)?1\.(\d+)-/.exec(version ?? '')?.[1] ?? Number.NaN);
  if (bytes === undefined || bytes.length < 8 || bytes.readUInt32BE(0) !== 0xcafebabe) return [];
  const needs = bytes.readUInt16BE(6) - FIRST_MAJOR;
  if (!(needs > have)) return [];
  return [`${main} is compiled for Java ${needs}, and Debian has ${have}: compile it with \`--release ${have}\`.`];
}

/** A .war is the container's application for `/`. */
async function draftOfWar(context: DraftContext, path: string): Promise<Draft> {
  const served = await draftOfPackage(context, CONTAINER.package);
  return {
    ...served,
    name: nameFrom(path.replace(/\.war$/, '')),
    description: `a Java web application, served by ${CONTAINER.package}`,
    files: [
      ...(served.files ?? []),
      { path: `${CONTAINER.webapps}/ROOT.war`, source: path, mode: '0644', owner: 'root', group: 'root' },
    ],
    ports: [8080],
    http: true,
    timeout: JAVA_STARTS_IN,
    notes: [
      ...served.notes.filter((it) => !/port/.test(it)),
      `${CONTAINER.package} is for Jakarta EE: classes that import javax.servlet have to be migrated first.`,
    ],
  };
}
