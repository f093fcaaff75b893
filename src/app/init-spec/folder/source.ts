import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { type Draft, type DraftContext, nameFrom } from '../draft/draft.ts';
import type { Project } from '../draft/project.ts';
import { draftOfNode } from '../language/node.ts';
import { draftOfPerl } from '../language/perl.ts';
import { draftOfPython } from '../language/python.ts';
import { draftOfRuby } from '../language/ruby.ts';
import { withOwner } from './writes.ts';

type Drafter = (context: DraftContext, folder: string, project: Project) => Draft | Promise<Draft>;

const BY_ENDING: readonly (readonly [ending: RegExp, draft: Drafter])[] = [
  [/\.py$/, draftOfPython],
  [/\.[cm]?js$/, draftOfNode],
  [/\.r[bu]$/, draftOfRuby],
  [/\.(pl|psgi)$/, draftOfPerl],
];

/** Whether a file is a source that an interpreter runs, by its ending. */
export function isSource(path: string): boolean {
  return BY_ENDING.some(([ending]) => ending.test(path));
}

/** One source file, looked at as a folder that has nothing else. */
export async function draftOfSource(context: DraftContext, path: string): Promise<Draft> {
  const name = basename(path);
  const [, draft] = BY_ENDING.find(([ending]) => ending.test(path))!;
  const project: Project = {
    folder: dirname(path),
    files: [name],
    moduleFolders: [],
    has: (it) => it === name,
    text: (it) => (it === name ? readFileSync(path, 'utf8') : undefined),
    list: (it) => (it === '' ? [name] : []),
  };
  const drafted = withOwner(project, await draft(context, dirname(path), project));
  return { ...drafted, name: nameFrom(name.replace(/\.\w+$/, '')), from: { ...drafted.from!, path } };
}
