import { mergedPath } from '../formats/usr-merge.ts';
import type { ImageSpec } from '../model/spec.ts';

/** Folder of the files that Kiln itself lays into an image. */
export const KILN_FOLDER = '/usr/lib/kiln';

/** Whether the spec lays this path into the image: one of its files (or below one that is a folder), or its own application. */
export function isSpecFile({ application }: ImageSpec, path: string): boolean {
  const places = application.files.map((file) => file.path);
  if (application.from) places.push(application.from.into);
  return places.some((place) => isAtOrBelow(path, mergedPath(place)));
}

/** Whether a path is another or lies below it. */
export function isAtOrBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
