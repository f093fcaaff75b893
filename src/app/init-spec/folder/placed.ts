import type { Draft } from '../draft/draft.ts';
import type { Project } from '../draft/project.ts';
import type { Declared } from './declaration.ts';

/** Where an application lies unless something says otherwise. */
export const INTO = '/opt/app';

/** The same draft with the application in another folder of the image. */
export function inFolder(
  draft: Draft,
  { into = INTO, from }: Pick<Declared, 'into' | 'from'>,
  { folder }: Project,
): Draft {
  if (!draft.from) return draft;
  const path = from === undefined ? draft.from.path : `${folder}/${from}`;
  return { ...draft, from: { ...draft.from, path, into }, run: relocated(draft.run, into) };
}

/** The same value with the application's usual folder replaced in its texts. */
export function relocated<T>(value: T, into: string): T {
  return JSON.parse(JSON.stringify(value).replaceAll(INTO, into)) as T;
}
