import { mergedPath } from '../formats/tree/usr-merge.ts';
import type { ImageSpec } from '../model/spec.ts';

/** Folder of the files that Kiln itself lays into an image. */
export const KILN_FOLDER = '/usr/lib/kiln';

/** What says which files are the user's own. */
export interface Placing {
  readonly spec: ImageSpec;
  /** Paths of the user's own files; absent: all that lies where the spec places something counts as such. */
  readonly ownFiles?: ReadonlySet<string>;
}

/** Whether the spec lays this path into the image: one of its files (or below one that is a folder), or its own application. */
export function isSpecFile({ spec: { application }, ownFiles }: Placing, path: string): boolean {
  if (ownFiles) return ownFiles.has(path);
  const places = application.files.map((file) => file.path);
  if (application.from) places.push(application.from.into);
  return places.some((place) => isAtOrBelow(path, mergedPath(place)));
}

/** Whether a path is another or lies below it. */
export function isAtOrBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
