import { basename, join } from 'node:path';
import { KilnError } from '../../../model/error.ts';
import type { Draft, DraftContext } from '../draft/draft.ts';
import { type Project, readProject } from '../draft/project.ts';
import { draftOfJar, jarsIn } from '../language/java.ts';
import { draftOfNode, isNode, isStartable } from '../language/node.ts';
import { draftOfPerl, isPerl } from '../language/perl.ts';
import { draftOfPhp, isPhp } from '../language/php.ts';
import { draftOfPython, isPython } from '../language/python.ts';
import { draftOfRuby, isRuby } from '../language/ruby.ts';
import { asDeclared } from './as-declared.ts';
import { binariesIn, draftOfBinary } from './binary.ts';
import { declaredRun } from './declared.ts';
import { draftOfScript, isScript } from './script.ts';
import { draftOfPages, pagesIn } from './static-site.ts';
import { withOwner } from './writes.ts';

/** What has to be run before there is something to start, by the file that shows it. */
const BUILDS: readonly (readonly [file: string, how: string])[] = [
  ['Cargo.toml', 'cargo build --release'],
  ['go.mod', 'go build'],
  ['pom.xml', 'mvn package'],
  ['build.gradle', 'gradle build'],
  ['build.gradle.kts', 'gradle build'],
  ['CMakeLists.txt', 'cmake -B build && cmake --build build'],
  ['Makefile', 'make'],
];
/** What shows that a folder below is an application by itself. */
const APPLICATION = [
  'package.json',
  'composer.json',
  'Gemfile',
  'go.mod',
  'pom.xml',
  'Procfile',
  'Dockerfile',
  'index.html',
];
const KNOWN =
  'it looks for a unit, Procfile or Dockerfile; Node, Python, PHP, Ruby or perl; one binary, .jar, .war or script; or pages with an index.html';

/**
 * A folder with an application of the user's own, in whichever language, started as its unit, Procfile or Dockerfile says where it has
 * one. Throws USAGE where nothing to run is seen, or several things are, and SPEC_INVALID for a package.json that is no JSON.
 */
export async function draftOfFolder(context: DraftContext, folder: string): Promise<Draft> {
  const project = readProject(folder);
  const declared = declaredRun(project);
  const draft = await draftOfKind(context, project, declared !== undefined);
  return withOwner(project, await asDeclared(context, project, draft, declared));
}

/** The draft that the folder's own files lead to; undefined where they lead nowhere and something else says what is run. */
async function draftOfKind(context: DraftContext, project: Project, isSaid: boolean): Promise<Draft | undefined> {
  const { folder } = project;
  if (isNode(project) && isStartable(project)) return draftOfNode(context, folder, project);
  if (isPython(project)) return draftOfPython(context, folder, project);
  if (isPhp(project)) return draftOfPhp(context, folder, project);
  if (isRuby(project)) return draftOfRuby(context, folder, project);
  if (isPerl(project)) return draftOfPerl(context, folder, project);
  const several = await draftOfOne(context, project);
  if (several.draft) return several.draft;
  const pages = pagesIn(project);
  if (pages !== undefined) return draftOfPages(folder, pages);
  if (isNode(project)) return draftOfNode(context, folder, project);
  if (isSaid) return undefined;
  throw new KilnError('USAGE', `${folder} holds no application that Kiln knows`, {
    hint: hintFor(project, several.names),
  });
}

/** The one binary, archive of Java or script; else the names of those that are there. */
async function draftOfOne(
  context: DraftContext,
  project: Project,
): Promise<{ draft?: Draft; names: readonly string[] }> {
  const { folder } = project;
  const at = (path: string) => join(folder, path);
  const scripts = project.files.filter((it) => /^(bin\/)?[^/]+$/.test(it) && isScript(at(it)));
  const kinds = [
    { found: binariesIn(project), draft: (path: string) => draftOfBinary(context, at(path), project) },
    { found: jarsIn(project), draft: (path: string) => draftOfJar(context, at(path), folder) },
    { found: scripts, draft: async (path: string) => draftOfScript(context, at(path), folder) },
  ];
  const kind = kinds.find(({ found }) => found.length > 0);
  if (kind?.found.length === 1) return { draft: await kind.draft(kind.found[0]!), names: [] };
  return { names: kind?.found.map((it) => basename(it)) ?? [] };
}

function hintFor(project: Project, names: readonly string[]): string {
  if (names.length > 0) return `name the one to run: ${names.join(', ')}`;
  const parts = project.list('').filter((name) => APPLICATION.some((it) => project.has(`${name}/${it}`)));
  if (parts.length > 0) return `name the folder of one application: ${parts.join(', ')}`;
  const build = BUILDS.find(([file]) => project.has(file));
  return build ? `build it first (${build[0]}: ${build[1]}), or name what was built` : KNOWN;
}
